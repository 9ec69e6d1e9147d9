#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "web/html_entities.hpp"
#include "web/html_scan.hpp"
#include "web/percent.hpp"
#include "web/url.hpp"

namespace {

using Links = std::vector<std::string>;

Links links(std::string_view html) { return web::scan_html(html).links; }
std::uint64_t words(std::string_view html) { return web::scan_html(html).words; }

std::string resolved(std::string_view base, std::string_view reference) {
    const auto url = web::resolve(web::parse_url(base), reference);
    return url ? url->to_string() : "nothing";
}

std::string normal(std::string_view url) { return web::parse_url(url).to_string(); }

} // namespace

TEST(HtmlLinks, AreFoundInEveryElementThatHasThem) {
    EXPECT_EQ(links("<a href='1'><link href=2><img src=\"3\"><script src=4></script>"
                    "<iframe src=5></iframe><area href=6><source src=7>"),
              (Links{"1", "2", "3", "4", "5", "6", "7"}));
}

TEST(HtmlLinks, AreFoundHoweverTheTagIsWritten) {
    EXPECT_EQ(links("<A HREF=x>"), Links{"x"});
    EXPECT_EQ(links("<a\n class = 'c>d'\n href = \"x\" >"), Links{"x"});
    EXPECT_EQ(links("<a href=x/>"), Links{"x/"});
    EXPECT_EQ(links("<img alt=''src=x>"), Links{"x"});
    EXPECT_EQ(links("<a href='x'"), Links{"x"});
}

TEST(HtmlLinks, HaveTheirCharacterReferencesReplaced) {
    EXPECT_EQ(links("<a href='?a=1&amp;b=2&copy=3'>"), Links{"?a=1&b=2&copy=3"});
    EXPECT_EQ(links("<a href='&#47;x&#x2F;y'>"), Links{"/x/y"});
}

TEST(HtmlLinks, AreNotLookedForInCommentsAndScripts) {
    EXPECT_EQ(links("<!-- <a href=1> --><a href=2>"), Links{"2"});
    EXPECT_EQ(links("<!--><a href=1>"), Links{"1"});
    EXPECT_EQ(links("<script>'<a href=1>'</script><a href=2>"), Links{"2"});
    EXPECT_EQ(links("<style></styl><a href=1></STYLE ><a href=2>"), Links{"2"});
    EXPECT_EQ(links("<!-- never closed <a href=1>"), Links{});
    EXPECT_EQ(links("<script>never closed <a href=1>"), Links{});
}

TEST(HtmlLinks, DoNotIncludeConnectionHintsOrOtherAttributes) {
    EXPECT_EQ(links("<link rel=preconnect href=1><link rel=stylesheet href=2>"), Links{"2"});
    EXPECT_EQ(links("<a data-href=1 title='href=2'>"), Links{});
    EXPECT_EQ(links("</a href=1>"), Links{});
}

TEST(HtmlLinks, AreResolvedAgainstTheFirstBase) {
    const auto scan = web::scan_html("<base href=/docs/><base href=/other/><a href=x>");
    EXPECT_EQ(scan.base, "/docs/");
    EXPECT_EQ(scan.links, Links{"x"});
}

TEST(HtmlTitle, IsTheFirstOneWithItsWhiteSpaceCollapsed) {
    EXPECT_EQ(web::scan_html("<title>\n One &amp;\t two </title><title>three</title>").title,
              "One & two");
    EXPECT_EQ(web::scan_html("<title> </title>").title, "");
    EXPECT_EQ(web::scan_html("no title").title, std::nullopt);
}

TEST(HtmlWords, AreRunsWithAtLeastOneLetterOrDigit) {
    EXPECT_EQ(words(""), 0u);
    EXPECT_EQ(words("one two\nthree\t4"), 4u);
    EXPECT_EQ(words("don't os.path 3.11 -- ... ¶ —"), 3u);
    EXPECT_EQ(words("naïve café 東京"), 3u);
}

TEST(HtmlWords, GoOnAcrossInlineElementsOnly) {
    EXPECT_EQ(words("<b>w</b>ord"), 1u);
    EXPECT_EQ(words("os<span class=p>.</span>path"), 1u);
    EXPECT_EQ(words("<li>one</li><li>two</li>"), 2u);
    EXPECT_EQ(words("one<br>two<blockquote>three</blockquote>"), 3u);
}

TEST(HtmlWords, AreOnlyThoseAReaderSees) {
    EXPECT_EQ(words("<title>not this</title><style>p { color: red }</style>"
                    "<script>if (1 < 2) alert('x')</script><!-- nor this -->seen"),
              1u);
    EXPECT_EQ(words("<textarea>these <b> too</textarea>"), 3u);
}

TEST(HtmlWords, KnowCharacterReferences) {
    EXPECT_EQ(words("one&nbsp;two"), 2u);
    EXPECT_EQ(words("caf&eacute;"), 1u);
    EXPECT_EQ(words("&lt; &amp; &copy;"), 0u);
    EXPECT_EQ(words("a < b & c"), 3u);
}

TEST(HtmlScan, ReadsEveryBeginningOfAPage) {
    const std::string page =
        "<!DOCTYPE html><html><head><title>t</title><base href='/x'>"
        "<script src=s>if (a</b) {}</script><!-- c --></head><body class=a>"
        "<p id=\"i\">caf&eacute; &#x20AC; \xe2\x80\x94 <a href='?a&amp;b'>w</a>"
        "<textarea>x</textarea><?php ?></p></body></html>";
    std::uint64_t words_before = 0;
    for (std::size_t size = 0; size <= page.size(); ++size) {
        const auto scan = web::scan_html(std::string_view(page).substr(0, size));
        // A truncated character reference counts as text, so there may be one word more.
        EXPECT_LE(words_before, scan.words + 1) << size;
        words_before = scan.words;
    }
    EXPECT_EQ(words(page), 3u);
    EXPECT_EQ(links(page), (Links{"s", "?a&b"}));
}

TEST(HtmlEntities, AreReplacedWhenTheyAreWhole) {
    EXPECT_EQ(web::decode_entities("&lt;a&gt; &amp;amp; &hellip;"), "<a> &amp; …");
    EXPECT_EQ(web::decode_entities("&#65;&#x42;&#X43;&#8364;"), "ABC€");
    EXPECT_EQ(web::decode_entities("&; & &unknown; &amp &"), "&; & &unknown; &amp &");
    EXPECT_EQ(web::decode_entities("&#0;&#xd800;&#99999999999;"), "\ufffd\ufffd\ufffd");
}

TEST(Url, HasOneNormalForm) {
    EXPECT_EQ(normal("HTTP://Example.COM:80"), "http://example.com/");
    EXPECT_EQ(normal("http://h:8080/a/./b/../c#frag"), "http://h:8080/a/c");
    EXPECT_EQ(normal("http://h/%7ea%2fb%zz%c3%a9"), "http://h/~a%2Fb%25zz%C3%A9");
    EXPECT_EQ(normal("http://h/é b\"?q=<x>"), "http://h/%C3%A9%20b%22?q=%3Cx%3E");
    EXPECT_EQ(normal("https://h:443/?"), "https://h/?");
    EXPECT_EQ(normal("http://user:pass@h/"), "http://h/");
    EXPECT_EQ(normal("http://[::1]:8000/x"), "http://[::1]:8000/x");
    EXPECT_EQ(web::parse_url("http://[::1]:8000/x").host, "::1");
    EXPECT_EQ(normal("http://h/%2e%2e/%2E/x"), "http://h/x");
}

TEST(Url, SaysWhatIsWrongWithOne) {
    EXPECT_THROW(web::parse_url("example.com/"), web::UrlError);
    EXPECT_THROW(web::parse_url("ftp://example.com/"), web::UrlError);
    EXPECT_THROW(web::parse_url("http:///path"), web::UrlError);
    EXPECT_THROW(web::parse_url("http://h:0/"), web::UrlError);
    EXPECT_THROW(web::parse_url("http://h:65536/"), web::UrlError);
    EXPECT_THROW(web::parse_url("http://a b/"), web::UrlError);
    try {
        web::parse_url("gopher://h/");
    } catch (const web::UrlError& error) {
        EXPECT_STREQ(error.what(),
                     "URL \"gopher://h/\" has the scheme \"gopher\": expected http or https");
    }
}

TEST(Url, ResolvesTheExamplesOfRfc3986) {
    constexpr auto base = "http://a/b/c/d;p?q";
    EXPECT_EQ(resolved(base, "g"), "http://a/b/c/g");
    EXPECT_EQ(resolved(base, "./g"), "http://a/b/c/g");
    EXPECT_EQ(resolved(base, "g/"), "http://a/b/c/g/");
    EXPECT_EQ(resolved(base, "/g"), "http://a/g");
    EXPECT_EQ(resolved(base, "//g"), "http://g/");
    EXPECT_EQ(resolved(base, "?y"), "http://a/b/c/d;p?y");
    EXPECT_EQ(resolved(base, "g?y"), "http://a/b/c/g?y");
    EXPECT_EQ(resolved(base, "#s"), "http://a/b/c/d;p?q");
    EXPECT_EQ(resolved(base, "g#s"), "http://a/b/c/g");
    EXPECT_EQ(resolved(base, "g?y#s"), "http://a/b/c/g?y");
    EXPECT_EQ(resolved(base, ";x"), "http://a/b/c/;x");
    EXPECT_EQ(resolved(base, ""), "http://a/b/c/d;p?q");
    EXPECT_EQ(resolved(base, "."), "http://a/b/c/");
    EXPECT_EQ(resolved(base, ".."), "http://a/b/");
    EXPECT_EQ(resolved(base, "../g"), "http://a/b/g");
    EXPECT_EQ(resolved(base, "../.."), "http://a/");
    EXPECT_EQ(resolved(base, "../../../g"), "http://a/g");
    EXPECT_EQ(resolved(base, "/../g"), "http://a/g");
    EXPECT_EQ(resolved(base, "g."), "http://a/b/c/g.");
    EXPECT_EQ(resolved(base, "..g"), "http://a/b/c/..g");
    EXPECT_EQ(resolved(base, "./g/."), "http://a/b/c/g/");
    EXPECT_EQ(resolved(base, "g;x=1/../y"), "http://a/b/c/y");
    EXPECT_EQ(resolved(base, "g?y/./x"), "http://a/b/c/g?y/./x");
}

TEST(Url, ResolvesOnlyWhatCanBeFetched) {
    EXPECT_EQ(resolved("http://h/", "mailto:me@h"), "nothing");
    EXPECT_EQ(resolved("http://h/", "javascript:void(0)"), "nothing");
    EXPECT_EQ(resolved("http://h/", "http://h:99999/"), "nothing");
    EXPECT_EQ(resolved("http://h/", " \n/a\nb "), "http://h/ab");
}

TEST(Url, IsOfTheSameSiteOnAnyPort) {
    const auto site = web::parse_url("http://h/");
    EXPECT_TRUE(web::same_site(site, web::parse_url("http://H:8080/x")));
    EXPECT_FALSE(web::same_site(site, web::parse_url("https://h/")));
    EXPECT_FALSE(web::same_site(site, web::parse_url("http://other/")));
}

TEST(Percent, DecodesEscapesAndRejectsHalfOnes) {
    EXPECT_EQ(web::percent_decode("a%20b%2Fc"), "a b/c");
    EXPECT_EQ(web::percent_decode("100%"), std::nullopt);
    EXPECT_EQ(web::percent_decode("%4"), std::nullopt);
    EXPECT_EQ(web::percent_decode("%4g"), std::nullopt);
}
