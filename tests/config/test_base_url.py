"""Addresses at which a site can be published, and those that would make wrong links or give a secret away."""

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.base_url import check_base_url
from pipeline.errors import UserError
from tests.support.hostile import examples, mistake

PIECES = st.sampled_from(
    ["https:", "http:", "//", "/", "example.org", "localhost", "127.0.0.1", "[::1]", ":8000", "@", "user:pw@", "?", "#",
     "..", ".", "%2e", "%2F", "%00", "%", "\\", " ", "\n", "é", "☃", ":", "[", "]", "index.html", "(", "'", "*",
     "&amp;"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("", ""),
        ("https://example.org", "https://example.org"),
        ("https://example.org/atlas/", "https://example.org/atlas"),
        ("https://example.org/atlas//", "https://example.org/atlas"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("HTTPS://Example.org/A", "HTTPS://Example.org/A"),
        ("http://127.0.0.1/~me/a%20b", "http://127.0.0.1/~me/a%20b"),
        ("http://[2001:db8::1]:65535/x", "http://[2001:db8::1]:65535/x"),
        ("https://me.github.io/a_b-c.d/v1.0", "https://me.github.io/a_b-c.d/v1.0"),
        ("https://müller.example/é/滤", "https://müller.example/é/滤"),
        ("https://xn--mller-kva.example/a;b=1,c@d!e$f*g+h&i", "https://xn--mller-kva.example/a;b=1,c@d!e$f*g+h&i"),
    ],
)
def test_an_address_of_the_web_is_the_sites_root_without_its_last_slash(address, root):
    assert check_base_url(address) == root


@pytest.mark.hostile("addresses of a site")
@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://example.org/atlas/?v=1", "a query"), ("https://example.org/?", "a query"),
        ("https://example.org?token=x", "a query"),
        ("https://example.org/#a", "a fragment"), ("https://example.org/atlas#", "a fragment"),
        ("https:///x", "does not begin"), ("https://", "does not begin"), ("https:example.org", "does not begin"),
        ("https:/example.org", "does not begin"), ("//example.org", "does not begin"),
        ("example.org", "does not begin"),
        ("javascript:alert(1)", "does not begin"), ("ftp://example.org/", "does not begin"),
        ("file:///var/www", "does not begin"), ("data:text/html,x", "does not begin"), ("/atlas", "does not begin"),
        ("http://:8000/", "names no host"), ("https://.", "names no host"), ("https://example..org", "names no host"),
        ("https://.example.org", "names no host"), ("https://example.org./", "names no host"),
        ("https://-a.example.org", "names no host"), ("https://a-.example.org", "names no host"),
        ("https://*.example.org", "names no host"), ("https://exa%6dple.org", "names no host"),
        ("https://example.org;x/", "names no host"), ("https://example.org,x/", "names no host"),
        ("https://" + "a" * 64 + ".org", "names no host"), ("https://256.0.0.1", "names no host"),
        ("https://1.2.3", "names no host"), ("https://0x7f000001", "names no host"), ("https://2130706433", "names no"),
        ("https://[fe80::1%25eth0]/", "names no host"), ("https://[v1.x]/", "names no host"),
        ("https://[::1", "is no address"), ("https://::1]/", "is no address"), ("https://[1.2.3.4]/", "is no address"),
        ("https://exam\u2100ple.org", "is no address"),
        ("https://example.org:", "a port"), ("https://example.org:/x", "a port"), ("https://example.org:0", "a port"),
        ("https://example.org:65536", "a port"), ("https://example.org:080", "a port"), ("https://a.org:8o", "a port"),
        ("https://example.org:-1", "a port"), ("https://example.org:٣", "a port"), ("https://[::1]x/", "a port"),
        ("https://::1/", "a port"), ("https://example.org:1" + "0" * 1000, "a port"),
        ("https://me:secret@example.org/", "a user's name"), ("https://me@example.org/", "a user's name"),
        ("https://@example.org/", "a user's name"), ("https://secret:@example.org/", "a user's name"),
        ("https://example.org/a b", "a space"), (" https://example.org", "a space"),
        ("https://example.org\n", "a space"),
        ("https://example.org/\t", "a space"), ("https://example.org/\0", "a space"),
        ("https://exam ple.org", "a space"),
        ("https://example.org/\u200b", "invisible"), ("https://example.org/\u202e", "invisible"),
        ("https://example.org/\ud800", "invisible"), ("https://example.org/\xa0", "invisible"),
        ("https://example.org/a\\b", "a backslash"), ("https:\\\\example.org", "a backslash"),
        ("https://example.org/a%5Cb", "a backslash"), ("https://example.org/%00", "invisible"),
        ("https://example.org/..", "an empty part, . or .."), ("https://example.org/a/../b", "an empty part, . or .."),
        ("https://example.org/./a", "an empty part, . or .."),
        ("https://example.org/%2E%2e/a", "an empty part, . or .."),
        ("https://example.org/a%2F..%2Fb", "an empty part, . or .."), ("https://example.org/a//b", "an empty part"),
        ("https://example.org/%", "a %"), ("https://example.org/%4", "a %"), ("https://example.org/%zz", "a %"),
        ("https://example.org/a<b", "< in its path, which is written %3C"), ('https://example.org/a"b', "written %22"),
        ("https://example.org/a'b", "written %27"), ("https://example.org/(a)", "written %28"),
        ("https://example.org/a[b", "written %5B"), ("https://example.org/a`b", "written %60"),
        ("https://example.org/index.html", "of a page"), ("https://example.org/a/Index.HTM", "of a page"),
        ("https://example.org/" + "a" * 2000, "longer than 2,000 characters"),
    ],
)  # fmt: skip
def test_an_address_that_would_make_wrong_links_is_refused_with_what_is_wrong(address, fault):
    with pytest.raises(UserError) as caught:
        check_base_url(address)

    assert str(caught.value).startswith("site.base_url: it ")
    assert fault in str(caught.value)
    assert str(caught.value).endswith("; write an address like https://example.org/atlas/")
    # A message ends in logs, and the address may hold a secret.
    assert "secret" not in str(caught.value)


@pytest.mark.hostile("addresses of a site")
@examples(500)
@given(st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join))
def test_an_address_is_refused_or_joins_with_a_page_to_one_below_it(address):
    if mistake(check_base_url, address):
        return
    root = check_base_url(address)
    parts = urlsplit(f"{root}/{quote('block1_conv1/007.html')}")

    if root:
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.path == urlsplit(root).path + "/block1_conv1/007.html"
        assert (parts.query, parts.fragment, parts.username, parts.password) == ("", "", None, None)
        assert parts.port is None or 0 < parts.port < 65536


def test_a_mistake_is_said_of_the_option_that_has_it():
    with pytest.raises(UserError, match=r"^--base-url: it has a query"):
        check_base_url("https://example.org/?q", "--base-url")
