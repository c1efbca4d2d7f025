"""The report: values and pictures of the whole graph as one self-contained page.

What the page says and how it looks is the templates' and the style sheet's; the values they show
are `story.py`, what any such page has to be `checks.py`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets import formatting
from mnist_assets.claims import table as claim_table
from mnist_assets.claims.claim import NOTHING
from mnist_assets.evaluation.comparison import best_network
from mnist_assets.report import facts, quality, study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from mnist_assets.report.story import Story

PAGE = "notebook.html.jinja"
FILTERS = (
    formatting.class_name,
    formatting.number,
    formatting.percent,
    formatting.interval,
    formatting.points,
    formatting.probability,
    formatting.p_value,
    formatting.spread,
    formatting.power,
)


class Picture(NamedTuple):
    """A PNG as a page embeds it: a data URI, and its size in pixels."""

    source: str
    width: int
    height: int


def render_page(
    story: Story,
    pictures: Mapping[str, bytes],
    canvas: str,
    templates: Mapping[str, str],
    style: str,
) -> str:
    """Write the page; equal arguments give an equal page.

    Args:
        story: The values.
        pictures: PNG files by the name under which the templates show them.
        canvas: HTML of the canvas to draw a digit on, as from `page_network.render_canvas`.
        templates: Jinja2 sources by their names, which fail on a name they are not given; PAGE is
            the page, and includes the others.
        style: CSS, put into the page.
    """
    from markupsafe import Markup

    return (
        _environment(templates)
        .get_template(PAGE)
        .render(
            _derived(story),
            story=story,
            notebook=story["notebook"],
            pictures={name: embed(png) for name, png in pictures.items()},
            canvas=Markup(canvas),  # noqa: S704 - as autoescaped by its own template
            style=Markup(style),  # noqa: S704 - the project's own file
            contents=[],  # what sections and pictures enter themselves in
            shown=[],
        )
    )


def _environment(templates: Mapping[str, str]) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: (templates[name], name, None)),  # named in errors
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {function.__name__: function for function in FILTERS}
    return environment


def _derived(story: Story) -> dict[str, Any]:
    """What the templates show that follows from the story."""
    networks, claims = story["networks"], story["claims"]
    by_name = {network["name"]: network for network in networks}
    best = by_name[best_network(story["comparison"])]
    rivals = facts.rivals_of(best, networks)
    base, exponent = story["notebook"].nearer_than
    return {
        "by_name": by_name,
        "best": best,
        "others": [network for network in networks if network is not best],
        "rivals": rivals,
        "claimed": facts.place_claims(networks) if story["mnist"] else [],
        "misses": facts.count_misses(story["extreme_digits"]) if story["mnist"] else None,
        "nearer_than": base ^ exponent,  # what Python makes of the notebook's power
        "odds": facts.notebook_odds,
        "assessments": quality.of_all(story, "quality"),
        "mistakes_by_name": quality.of_all(story, "mistakes"),
        "robustness_rows": quality.robustness_rows(story),
        "limits": quality.find_limits(best["robustness"]),
        "undistorted": quality.accuracy_undistorted(best["robustness"]),
        "BROKEN": quality.BROKEN,
        "luck": study.luck_of(story["study"], best["name"], [of["name"] for of in rivals]),
        "compared": story["study"]["compared"] if story["study"] else [],
        "tally": claim_table.tally(claims),
        "claim_counts": claim_table.count_claims(claims),
        "claims_by_heading": claim_table.by_heading(claims),
        "claim_numbers": dict(zip(claims["id"], claims["number"], strict=True)),
        "NOTHING": NOTHING,
    }


def embed(png: bytes) -> Picture:
    """Make a PNG file part of a page."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    return Picture(f"data:image/png;base64,{b64encode(png).decode()}", width, height)
