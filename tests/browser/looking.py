"""What a reader would see of a page in a browser, and what of it is wrong."""

from pathlib import Path

LOOK = Path(__file__).with_name("look.js").read_text("utf-8")
WORD = 6  # characters that do not fit on one line of two letters


def told(seen, scheme):
    """Return what is wrong with what was seen, one sentence each."""
    problems = []
    if seen["scroll"] > seen["width"]:
        problems.append(f"it scrolls sideways: {seen['scroll']} > {seen['width']}")
    if len(seen["texts"]) < 8:
        problems.append(f"there are only {len(seen['texts'])} texts")
    for one in seen["texts"]:
        outside = one["left"] < -0.5 or one["right"] > seen["width"] + 0.5
        if outside and not one["scrolls"]:
            problems.append(f"{one['text']!r} is cut: {one['left']}..{one['right']}")
        if one["contrast"] < 4.5:
            problems.append(f"{one['text']!r} has the contrast {one['contrast']:.2f}")
        if one["size"] < 12:
            problems.append(f"{one['text']!r} is {one['size']} px high")
        if len(one["text"]) >= WORD and one["right"] - one["left"] < 2 * one["size"]:
            problems.append(f"{one['text']!r} is squeezed to {one['right'] - one['left']} px")
    for box in seen["boxes"]:
        if box["left"] < -0.5 or box["right"] > seen["width"] + 0.5:
            problems.append(f"a box that scrolls is cut: {box['left']}..{box['right']}")
    problems += [f"{one!r} overlaps {other!r}" for one, other in seen["overlaps"]]
    if (seen["ground"] < 0.5) != (scheme == "dark"):
        problems.append(f"the ground is not {scheme}")
    return problems
