"""HTTPS_PROXY and NO_PROXY: who is reached how."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.http_proxy import HttpProxies, HttpProxy

PROXY = "http://proxy.example:3128"


def proxies(no_proxy: str = "") -> HttpProxies:
    return HttpProxies.of_environment({"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://proxy.example:3128", Address("proxy.example", 3128)),
        ("proxy.example:3128", Address("proxy.example", 3128)),
        ("http://proxy.example", Address("proxy.example", 80)),
        ("http://[fd00::1]:3128/", Address("fd00::1", 3128)),
    ],
)
def test_a_proxy_is_read(text: str, address: Address) -> None:
    proxy = HttpProxy.parse(text)
    assert proxy == HttpProxy(address)
    assert proxy.url == f"http://{address}"


def test_credentials_are_decoded_and_kept_out_of_sight() -> None:
    proxy = HttpProxy.parse("http://user:p%40ss@proxy.example:3128")
    assert proxy.authorization == "Basic dXNlcjpwQHNz"
    assert "dXNlcjpwQHNz" not in repr(proxy)
    assert proxy.url == PROXY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://user:secret@proxy.example", "scheme https is not supported"),
        ("socks5://proxy.example", "scheme socks5 is not supported"),
        ("http://user:secret@proxy.example:x", "no port number"),
        ("http://user:secret@:80", "names no host"),
        ("http://user:s[secret]s@proxy.example", "URL cannot be read"),
        ("http://user:secret\u2100@proxy.example", "URL cannot be read"),
    ],
)
def test_what_is_no_http_proxy_is_refused_without_its_password(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        HttpProxies.of_environment({"https_proxy": text})
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("variables", "proxied"),
    [
        ({}, False),
        ({"HTTPS_PROXY": ""}, False),
        ({"HTTP_PROXY": PROXY}, False),
        ({"HTTPS_PROXY": PROXY}, True),
        ({"https_proxy": PROXY}, True),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "example.com"}, False),
    ],
)
def test_the_variables_that_count(variables: dict[str, str], proxied: bool) -> None:
    found = HttpProxies.of_environment(variables).leading_to(Address("teleport.example.com", 443))
    assert (found is not None) is proxied


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("*", "teleport.example.com"),
        ("teleport.example.com", "teleport.example.com"),
        ("Example.COM", "teleport.example.com"),
        ("example.com", "example.com"),
        (".example.com", "teleport.example.com"),
        ("*.example.com", "teleport.example.com"),
        ("other, example.com:443 ,", "teleport.example.com"),
        ("10.0.0.0/8", "10.1.2.3"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.1.2.3:443", "10.1.2.3"),
        ("fd00::/8", "fd00::1"),
        ("fd00::1", "fd00::1"),
        ("[fd00::1]:443", "fd00::1"),
        ("", "localhost"),
        ("", "127.0.0.53"),
        ("", "::1"),
    ],
)
def test_exceptions_are_reached_directly(no_proxy: str, host: str) -> None:
    assert proxies(no_proxy).leading_to(Address(host, 443)) is None


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("", "teleport.example.com"),
        ("example.com:8443", "teleport.example.com"),
        ("ample.com", "teleport.example.com"),
        (".example.com", "example.com"),
        ("10.0.0.0/8", "11.0.0.1"),
        ("10.0.0.0/8", "teleport.example.com"),
        ("10.0.0.0/99", "10.1.2.3"),
        ("example.com", "10.1.2.3"),
    ],
)
def test_all_else_goes_through_the_proxy(no_proxy: str, host: str) -> None:
    assert proxies(no_proxy).leading_to(Address(host, 443)) == HttpProxy.parse(PROXY)


@given(st.text(), st.text(min_size=1))
def test_no_exception_breaks_the_reading(no_proxy: str, host: str) -> None:
    assert proxies(no_proxy).leading_to(Address(host, 443)) in (None, HttpProxy.parse(PROXY))
