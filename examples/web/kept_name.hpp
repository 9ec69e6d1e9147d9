#pragma once

#include <string>

#include "web/url.hpp"

namespace web {

/// The name of the file in which the page `url` is kept, relative to the folder for the pages of
/// `site`: the path, its escapes decoded, and never one that leads out of that folder.
///
/// - A folder's page is its index.html; HTML that does not say so gets ".html", so that /blog, kept
///   as blog.html, can stand beside the folder of /blog/first.
/// - A query follows behind "?". A slash in it, or in a name, stays "%2F"; "%3F" and "%00" stay,
///   too, and a "%25" that would look like an escape when decoded.
/// - What is on another port than `site` is in a folder ":8080".
///
/// Pages of one name are those that a server could tell apart, but seldom does: /a/ and
/// /a/index.html, /blog and /blog.html.
std::string kept_name(const Url& url, const Url& site, bool html);

} // namespace web
