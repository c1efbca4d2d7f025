"""Checks of the page: it loads nothing, and shows every picture, network and claim."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from html.parser import HTMLParser

from mnist_assets.findings import Finding

LOADING_TAGS = frozenset({"base", "embed", "frame", "iframe", "link", "object", "portal"})
LOADING_ATTRIBUTES = frozenset({"background", "data", "poster", "src", "srcset"})


def check_self_contained(page: str, largest: int) -> Finding:
    """Check that the page loads nothing from anywhere, and has at most `largest` bytes.

    A page that is too large, of many classes or networks, is nevertheless to be read.

    Links that a reader may follow are no loading. What a script inside the page would fetch cannot
    be seen from its text.
    """
    loading = [load for tag, attributes in _elements(page) for load in _loads(tag, attributes)]
    styles = re.findall(r"<style\b[^>]*>(.*?)</style>", page, re.DOTALL | re.IGNORECASE)
    styles += [attributes.get("style", "") for _, attributes in _elements(page)]
    for style in styles:
        loading += re.findall(r"""@import|url\(\s*["']?(?!data:|\#)[^)]*\)""", style, re.IGNORECASE)
    size = len(page.encode())
    problems = [f"it loads {', '.join(loading)}"] if loading else []
    if size > largest:
        problems.append(f"it has {size:,} bytes")
    return Finding.of(
        not problems,
        f"The page is self-contained, {size:,} bytes.",
        f"The page is not self-contained: {'; '.join(problems)}.",
        seen={"loads": loading, "bytes": size},
        expected={"loads": [], "bytes_at_most": largest},
        binding=bool(loading),
    )


def check_pictures(page: str, names: Collection[str]) -> Finding:
    """Check that every picture is in the page, once, and that each has an alternative text.

    Args:
        page: HTML, in which the picture `x` is the image with the id `picture-x`.
        names: The pictures that it is to show.
    """
    images = [attributes for tag, attributes in _elements(page) if tag == "img"]
    shown = [
        image["id"].removeprefix("picture-")
        for image in images
        if image.get("src", "").startswith("data:image/png;base64,") and "id" in image
    ]
    silent = [image.get("id", "") for image in images if not image.get("alt", "").strip()]
    absent = [name for name in names if shown.count(name) != 1]
    return Finding.of(
        not absent and not silent,
        f"All {len(names)} pictures are in the page, each with an alternative text.",
        f"Not in the page exactly once: {', '.join(absent) or 'none'}; without alternative text: "
        f"{', '.join(silent) or 'none'}. The template has to show each picture, which its asset "
        "has drawn: where it could not, the log of its step says why.",
        seen={"pictures": len(shown), "not_once": absent, "without_alternative_text": silent},
        expected={"pictures": len(names), "not_once": [], "without_alternative_text": []},
    )


def check_networks(page: str, names: Collection[str]) -> Finding:
    """Check that every network has its two sections: how it learnt and how right it is.

    Args:
        page: HTML, in which these have the ids `network-<name>` and `evaluation-<name>`.
        names: The declared networks.
    """
    sections = {attributes.get("id") for tag, attributes in _elements(page) if tag == "section"}
    wanted = [f"{kind}-{name}" for name in names for kind in ("network", "evaluation")]
    absent = [section for section in wanted if section not in sections]
    return Finding.of(
        not absent,
        f"The page tells of all {len(names)} networks.",
        f"The page lacks the sections {', '.join(absent)}.",
        seen={"sections_absent": absent},
        expected={"sections_absent": []},
    )


def check_claims(page: str, verdicts: Mapping[str, str]) -> Finding:
    """Check that every claim is in the page, once, with its verdict in words.

    Args:
        page: HTML, in which the claim `x` is the element with the id `claim-x`, up to the next one.
        verdicts: Of each claim, by its id.
    """
    rows = re.split(r'<tr[^>]* id="claim-', page)[1:]
    shown = [(row.partition('"')[0], row.partition("</tr>")[0]) for row in rows]
    names = [name for name, _ in shown]
    wrong = [name for name in verdicts if names.count(name) != 1]
    wrong += [name for name, row in shown if f" {verdicts.get(name, name)}</b>" not in row]
    return Finding.of(
        not wrong,
        f"All {len(verdicts)} claims are in the page, each with its verdict.",
        f"Not in the page exactly once with their verdict: {', '.join(wrong)}.",
        seen={"claims": len(names), "wrong": wrong},
        expected={"claims": len(verdicts), "wrong": []},
    )


class _Reader(HTMLParser):
    """Collects the page's elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


@lru_cache(maxsize=1)  # each check asks for those of the same page
def _elements(page: str) -> list[tuple[str, dict[str, str]]]:
    reader = _Reader()
    reader.feed(page)
    return reader.elements


def _loads(tag: str, attributes: Mapping[str, str]) -> list[str]:
    """What an element makes a browser load."""
    if tag in LOADING_TAGS:
        return [f"<{tag}>"]
    loads = []
    for name, value in attributes.items():
        inside = value.startswith("data:") and tag != "script"
        followed = tag in ("a", "area") or value.startswith("#")
        if (name in LOADING_ATTRIBUTES and not inside) or (name.endswith("href") and not followed):
            loads.append(f"<{tag} {name}={value[:80]}>")
    if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
        loads.append("<meta http-equiv=refresh>")
    return loads
