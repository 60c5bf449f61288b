"""The words of mathematics: functions, constants, relation signs, separators, units."""

FUNCTIONS = {
    name: name
    for name in (
        "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth sech csch "
        "arcsinh arccosh arctanh exp ln lg log sqrt cbrt abs gcd lcm min max floor ceil det Re Im arg sgn "
        "sign Gamma deg conj round"
    ).split()
} | {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "acot": "arccot", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "tg": "tan", "ctg": "cot", "cosec": "csc", "arctg": "arctan", "arcsh": "arcsinh",
    "ceiling": "ceil", "Log": "log", "Ln": "ln", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
    "sh": "sinh", "ch": "cosh", "th": "tanh", "binom": "binom", "binomial": "binom", "factorial": "factorial",
}  # fmt: skip
"""Spelling → canonical name."""
del FUNCTIONS["deg"], FUNCTIONS["sh"], FUNCTIONS["ch"], FUNCTIONS["th"]  # units and ordinals more often

INVERSES = {name: f"arc{name}" for name in ["sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh"]}

CONSTANTS = {"pi": "pi", "e": "e", "i": "i", "infty": "inf", "infinity": "inf", "inf": "inf", "oo": "inf", "Pi": "pi"}

RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "!=": "!=", "<>": "!=", ":=": "=",
    r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\leqq": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=",
    r"\geqq": ">=", r"\lt": "<", r"\gt": ">", r"\ne": "!=", r"\neq": "!=", r"\approx": "~", r"\equiv": "==",
    r"\simeq": "~", r"\doteq": "=", r"\in": "in", r"\notin": "notin", r"\sim": "sim", r"\cong": "cong",
    r"\parallel": "par", r"\perp": "perp", r"\subset": "sub", r"\subseteq": "sube", r"\mid": "divides", r"\to": "to",
    r"\rightarrow": "to", r"\mapsto": "mapsto", r"\Rightarrow": "so", r"\implies": "so", r"\Leftrightarrow": "so",
    r"\iff": "so", r"\Longrightarrow": "so", r"\therefore": "so", "->": "to", "=>": "so", r"\propto": "prop",
    r"\ni": "ni", r"\geqq ": ">=", "≠": "!=", "~": "~",
}  # fmt: skip
"""Sign as written → canonical sign. `so` and `to` lead to what counts; `~` is an approximation."""

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!=", "==": "==", "~": "~"}

SEPARATING_WORDS = {"and": "and", "or": "or", "&": "and"}

WRAPPERS = frozenset(
    rf"\{name}"
    for name in (
        "text textbf textit textrm textsf texttt textnormal textup mathrm mbox hbox emph operatorname mathbf"
    ).split()
)
GREEK = frozenset(
    (
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho "
        "varrho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi "
        "Omega ell hbar nabla partial aleph imath jmath wp angle triangle odot square bigtriangleup "
        "measuredangle bot top prime star"
    ).split()
)
FIELDS = {"R": "R", "Z": "Z", "N": "N", "Q": "Q", "C": "C"}

_UNIT_SPELLINGS = {
    "m": "m meter meters metre metres", "cm": "cm centimeter centimeters centimetre centimetres",
    "mm": "mm millimeter millimeters millimetres", "km": "km kilometer kilometers kilometre kilometres",
    "nm": "nm nanometers", "dm": "dm", "um": "um micrometers", "in": "inch inches", "ft": "ft foot feet",
    "yd": "yd yard yards", "mi": "mi mile miles", "g": "g gram grams", "kg": "kg kgs kilogram kilograms kilos",
    "mg": "mg milligrams", "lb": "lb lbs pound pounds", "oz": "oz ounce ounces", "ton": "ton tons tonnes",
    "s": "s sec secs second seconds", "min": "minute minutes mins", "h": "h hr hrs hour hours",
    "d": "day days", "wk": "week weeks", "mo": "month months", "yr": "yr yrs year years",
    "ms": "ms milliseconds", "l": "L l liter liters litre litres", "ml": "ml mL milliliters",
    "$": "dollar dollars usd USD bucks", "c": "cent cents", "eur": "eur EUR euro euros", "gbp": "gbp GBP",
    "inr": "rs Rs rupee rupees INR", "yuan": "yuan RMB rmb CNY", "yen": "yen JPY", "mi / h": "mph", "km / h": "kmh kph",
    "hz": "Hz hertz", "n": "N newton newtons", "j": "J joule joules", "w": "W watt watts", "v": "V volt volts",
    "k": "K kelvin", "pa": "Pa pascal pascals", "kpa": "kPa", "ev": "eV", "mev": "MeV", "kj": "kJ", "kw": "kW",
    "mol": "mol moles mole", "rad": "rad radian radians", "unit": "unit units", "%p": "points",
    "angstrom": "angstroms angstrom", "celsius": "Celsius celsius", "fahrenheit": "Fahrenheit fahrenheit",
    "erg": "erg ergs", "au": "AU", "pc": "pc parsec parsecs", "ly": "ly", "bit": "bit bits", "byte": "byte bytes",
    "db": "dB", "ha": "ha hectares hectare", "acre": "acre acres", "rpm": "rpm", "gal": "gal gallons gallon",
    "pt": "pint pints", "qt": "quart quarts", "amp": "amp amps ampere amperes", "ohm": "ohm ohms", "f": "farad",
    "atm": "atm", "bar": "bar", "coulomb": "coulombs coulomb", "tesla": "tesla", "sq": "sq square", "cu": "cu cubic",
    "per": "per", "dozen": "dozen",
}  # fmt: skip
UNITS = {spelling: unit for unit, spellings in _UNIT_SPELLINGS.items() for spelling in spellings.split()}
"""Spelling → canonical unit."""
UNIT_LETTERS = frozenset("mgsLNJWVhKACFl")
"""Single letters that are read as units when nothing else makes the answer fit."""
DEGREE_WORDS = frozenset({"degree", "degrees", "deg"})
PERCENT_WORDS = frozenset({"percent", "percents", "percentage", "pct"})

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS = {word: n for n, word in enumerate(_SMALL)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
SCALE_WORDS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
FRACTION_WORDS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
ORDINAL_WORDS = {
    word: n for n, word in enumerate(("first second third fourth fifth sixth seventh eighth ninth tenth").split(), 1)
}
