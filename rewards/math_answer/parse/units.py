"""Units in one spelling, and the ones that convert into each other."""

from fractions import Fraction

SCALES = {
    "mm": ("m", Fraction(1, 1000)), "cm": ("m", Fraction(1, 100)), "dm": ("m", Fraction(1, 10)),
    "m": ("m", Fraction(1)), "km": ("m", Fraction(1000)),
    "mg": ("g", Fraction(1, 1000)), "g": ("g", Fraction(1)), "kg": ("g", Fraction(1000)),
    "ms": ("s", Fraction(1, 1000)), "s": ("s", Fraction(1)), "min": ("s", Fraction(60)), "h": ("s", Fraction(3600)),
    "d": ("s", Fraction(86400)), "wk": ("s", Fraction(7 * 86400)), "mo": ("mo", Fraction(1)),
    "yr": ("mo", Fraction(12)),
    "inch": ("in", Fraction(1)), "in": ("in", Fraction(1)), "ft": ("in", Fraction(12)), "yd": ("in", Fraction(36)),
    "mi": ("in", Fraction(63360)), "oz": ("oz", Fraction(1)), "lb": ("oz", Fraction(16)),
    "$": ("$", Fraction(1)), "c": ("$", Fraction(1, 100)), "ml": ("l", Fraction(1, 1000)), "l": ("l", Fraction(1)),
}  # fmt: skip
"""Unit → its base unit and how many of that it is."""
_MARKS = {"arcmin": "ft", "arcsec": "in"}
"""5'6'' is five feet and six inches where the other side is a length."""


def canonical(parts: list[str]) -> str:
    """Units and slashes as written (`m / s^2`, `m s^-2`) in one order, with one sign for "per"."""
    powers: dict[str, Fraction] = {}
    below = False
    for part in " ".join(parts).split():
        if part in ("/", "per"):
            below = True
            continue
        name, _, exponent = part.partition("^")
        power = _exponent(exponent)
        if name == "ms" and power < 0:  # 9.8 ms^-2
            name, powers["m"] = "s", powers.get("m", Fraction(0)) + 1
        powers[name] = powers.get(name, Fraction(0)) + (-power if below else power)
    ordered = sorted((name for name, power in powers.items() if power), key=lambda name: (powers[name] < 0, name))
    return " ".join(name if powers[name] == 1 else f"{name}^{powers[name]}" for name in ordered)


def convertible(unit: str, other: str) -> tuple[Fraction, Fraction] | None:
    """How many of a common base unit each is; None without one."""
    if other in SCALES and SCALES[other][0] == "in":
        unit = _MARKS.get(unit, unit)
    elif unit in SCALES and SCALES[unit][0] == "in":
        other = _MARKS.get(other, other)
    if {unit, other} == {"arcmin", "arcsec"}:
        return (Fraction(60), Fraction(1)) if unit == "arcmin" else (Fraction(1), Fraction(60))
    (bases, size), (others, other_size) = _in_bases(unit), _in_bases(other)
    return (size, other_size) if bases == others and unit and other else None


def _in_bases(unit: str) -> tuple[dict[str, Fraction], Fraction]:
    """The powers of the base units that a unit is made of, and how many of that it is: km h^-1 is 5/18 of m s^-1."""
    bases: dict[str, Fraction] = {}
    size = Fraction(1)
    for part in unit.split():
        name, _, exponent = part.partition("^")
        power = _exponent(exponent)
        base, scale = SCALES.get(name, (name, Fraction(1)))
        bases[base] = bases.get(base, Fraction(0)) + power
        size *= scale**power.numerator if power.denominator == 1 else 1
    return {base: power for base, power in bases.items() if power}, size


def _exponent(text: str) -> Fraction:
    try:
        return Fraction(text) if text else Fraction(1)
    except (ValueError, ZeroDivisionError):
        return Fraction(1)
