"""Word lists and word properties that IFBench's constraints ask about."""

import re

_STOP_TEXT = """
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves what which who whom this that these those am is are was were be
been being have has had having do does did doing a an the and but if or because as until while of at by for with
about against between into through during before after above below to from up down in out on off over under again
further then once here there when where why how all any both each few more most other some such no nor not only
own same so than too very can will just should now
s t d ll m o re ve y don ain aren couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan shouldn wasn
weren won wouldn
"""
STOP_WORDS = frozenset(_STOP_TEXT.split())
"""English function words, and the pieces that `\\w+` makes of contractions."""

_PRONOUN_TEXT = """
i me we us you he him she her it they them my mine our ours your yours his hers its their theirs myself ourselves
yourself yourselves himself herself itself themselves this that these those who whom whose which what whoever
whomever whatever whichever anybody anyone anything everybody everyone everything nobody nothing somebody someone
something each either neither both all some any none
"""
PRONOUNS = frozenset(_PRONOUN_TEXT.split())

CONJUNCTIONS = frozenset({"and", "but", "for", "nor", "or", "so", "yet"})

_NAME_TEXT = """
Emma Liam Sophia Jackson Olivia Noah Ava Lucas Isabella Mason Mia Ethan Charlotte Alexander Amelia Benjamin Harper
Leo Zoe Daniel Chloe Samuel Lily Matthew Grace Owen Abigail Gabriel Ella Jacob Scarlett Nathan Victoria Elijah Layla
Nicholas Audrey David Hannah Christopher Penelope Thomas Nora Andrew Aria Joseph Claire Ryan Stella Jonathan
"""
NAMES = tuple(_NAME_TEXT.split())
"""The names that the constraint's own text lists."""

_CAPITAL_TEXT = """
Reykjavik Helsinki Oslo Tallinn Stockholm Riga Moscow Copenhagen Vilnius Minsk Dublin Berlin Amsterdam Warsaw London
Brussels Prague Luxembourg Paris Vienna Bratislava Budapest Vaduz Chisinau Bern Ljubljana Zagreb
"""
CAPITALS = tuple(_CAPITAL_TEXT.split())
"""European capitals north of 45 degrees, from north to south, as the constraint's checker has them."""

_VERB_TEXT = """
be is are was were am do does did have has had go goes went gone make made take took get got give gave see saw
accept achieve act adapt add address adjust adopt advise agree aim align allow analyze answer apply approach argue
arrange ask assemble assess assign assume attach attempt attend avoid balance become begin believe bring browse build
burn buy calculate call capture carry catch celebrate change charge check choose cite clarify clean clear click climb
close collaborate collect combine come commit communicate compare compile complete compose compute conceive conclude
conduct configure confirm connect consider construct consult contact contain continue contribute control convert cook
cover craft create cultivate cut dance debug decide declare dedicate deepen define deliver demonstrate depend deploy
derive describe design destroy detect determine develop discover discuss distribute divide document download draft draw
dream drink drive earn eat edit educate elevate eliminate embark embrace emphasize employ empower enable encourage end
engage enhance enjoy ensure enter establish estimate evaluate examine execute exercise exist expand expect experience
experiment explain explore express extend extract face facilitate fail fall familiarize feel fetch fight fill find
finish fix fly focus follow forget form foster gather generate grab grasp grow guide handle happen harness hear help
hide highlight hold honor hope identify ignore illustrate imagine implement import improve include incorporate increase
indicate inform initialize insert inspect install integrate introduce invest investigate invite involve join jump keep
know lead learn leave let leverage lie limit link list listen live locate look lose love maintain manage map mark
master match maximize mean measure meet mention minimize mix modify monitor move navigate need note notice observe
obtain offer open operate optimize order organize outline pack paint participate pay perform pick picture plan play
point practice prepare present preserve press prevent print prioritize produce promote propose protect prove provide
publish pull push put raise reach read realize recall receive recognize recommend record reduce refer reflect refine
regard register relax release rely remain remember remove repeat replace reply report represent request require research
resolve respect respond restore return reveal review revise ride rise run save say search seek select send serve set
share shine show sign simplify sing sit sleep solve speak specify spend stand start state stay step stop strengthen
strive study submit suggest summarize support suppose survey sustain swim switch talk teach tell test thank think throw
track train transform translate travel treat trust try turn understand unlock update upgrade use utilize validate
verify visit visualize wait walk want warn wash watch wear welcome whirr whisper win wish work write
"""
_VERBS = frozenset(_VERB_TEXT.split())
_VOWELS = re.compile(r"[aeiouy]+")


def is_verb(word: str) -> bool:
    """Is the word a form of a common English verb? Read from a list: context is not looked at."""
    bare = word.lower()
    if bare in _VERBS:
        return True
    for ending in ("ing", "ed", "es", "s"):
        if bare.endswith(ending) and len(bare) > len(ending) + 1:
            stem = bare[: -len(ending)]
            doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[:-1] in _VERBS
            if stem in _VERBS or stem + "e" in _VERBS or doubled or (stem[-1] == "i" and stem[:-1] + "y" in _VERBS):
                return True
    return False


def syllables(word: str) -> int:
    """An estimate of an English word's syllables: its vowel groups, a silent final e left out; at least 1."""
    bare = word.lower()
    count = len(_VOWELS.findall(bare))
    silent = bare.endswith("e") and not bare.endswith(("le", "ee", "ye")) and count > 1
    if silent or (bare.endswith("ed") and not bare.endswith(("ted", "ded")) and count > 1):
        count -= 1
    return max(count, 1)
