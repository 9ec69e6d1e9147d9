#pragma once

#include <string>

#include "crawl/temporary_folder.hpp"

namespace crawl_tests {

/// A site with everything that all servers should handle alike: folders, redirects, escapes, large
/// files, 404s.
inline void write_site(const TemporaryFolder& folder) {
    folder.write("index.html",
                 "<h1>Welcome</h1><a href='sub'>sub</a> <a href='a%20b.html'>blank</a>"
                 "<a href='missing.html'>gone</a> <img src=picture.png><a href='empty/'>no</a>"
                 "<a href='large.html'>large</a> <a href=\"caf&eacute;.html\">café</a>");
    folder.write("sub/index.html",
                 "one two <a href='../index.html#top'>three</a> <a href='x.txt'>");
    folder.write("sub/x.txt", "not html <a href='never.html'>");
    folder.write("a b.html", "<p>four</p><p>five <a href='missing.html?q=1'>six</a>");
    folder.write("café.html", "seven");
    folder.write("picture.png", std::string("\x89PNG\0\1", 6));
    folder.write("empty/nothing.txt", "");
    std::string large;
    while (large.size() < 700'000) large += "<p>word and another</p>\n";
    folder.write("large.html", large);
}

} // namespace crawl_tests
