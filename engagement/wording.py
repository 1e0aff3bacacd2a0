"""What in a text a moderator should look at twice. Nothing is ever refused for it."""

import re

from engagement.french import folded

# French telephone numbers, also abroad; anything that looks like an e-mail address.
_PHONE = re.compile(r"(?<!\d)(?:(?:\+|00)33[\s.-]?(?:\(0\))?|0)[1-9](?:[\s.-]?\d{2}){4}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")

# Whole words, folded; stems would also hit « bitume », « concours » or « assises ».
_RUDE = """
abruti abrutie abrutis batard batards bougnoule bougnoules branleur branleurs bordel chiant chiante
chiantes chiants chier con conasse connard connarde connards connasse connasses conne connes cons
couilles couillon couillons cretin cretins debile debiles encule enculee encules enfoire enfoires
fdp fiotte foutre gogol gouine gouines kassos mongol mongols negre negres negresse niquer ntm pd
pede pedes petasse petasses pouffiasse putain pute putes salaud salaude salauds salopard salopards
salope salopes tarlouze trouduc youpin youpins
"""
_TOLD = frozenset(_RUDE.split())
_TOGETHER = re.compile(
    r"\b(ta gueule|vos gueules|fils de pute|nique ta|va te faire|sale (arabe|juif|noir|race))\b"
)

# Letters that are written as digits and signs, so as not to be found.
LEET = str.maketrans("013457@$€", "oieastase")
_SPELT_OUT = re.compile(r"\b(?:\w[\s._*-]){2,}\w\b")


def flags(text: str) -> tuple[str, ...]:
    """`personal` for what looks like a telephone number or an address, `words` for rude ones."""
    found = []
    if _PHONE.search(text) or _EMAIL.search(text):
        found.append("personal")
    if _rude(folded(text)):
        found.append("words")
    return tuple(found)


def _rude(text: str) -> bool:
    joined = _SPELT_OUT.sub(lambda spelt: re.sub(r"[\s._*-]", "", spelt[0]), text)
    for said in {text, joined, joined.translate(LEET)}:
        words = re.findall(r"[a-z]+", said)
        if not _TOLD.isdisjoint(words) or _TOGETHER.search(" ".join(words)):
            return True
    return False
