"""When a thing that ails a studio is told, and for how long: sentences do not flicker."""

from collections.abc import Mapping
from dataclasses import dataclass

from streaming.diagnosis import TOPICS

MOST = 4  # sentences at a time, the worst: nobody reads more during a show
LINGER = 10.0  # seconds that a sentence stays after it was last true
REWORD = 10.0  # seconds for which its figures stay as they are

# Seconds for which it must have been true all the time. What is not here is told at once: its
# figure has waited already.
SUSTAINED = {
    "loss": 3.0,
    "late": 3.0,
    "overloaded": 5.0,
    "slow": 5.0,
    "loud": 10.0,
    "low": 10.0,
    "poor": 10.0,
    "rich": 10.0,
}
# What everybody can see to be over is not said for long.
BRIEF = frozenset({"no picture", "no sound", "black", "silent", "frozen"})
BRIEFLY = 2.0  # seconds


@dataclass
class _Topic:
    since: float  # when it began to be true
    seen: float  # when it was true last
    sentence: str
    shown: bool = False  # among the worst, which are told
    worded: float = 0.0  # since when it has been shown in these words

    def told(self, topic: str) -> bool:
        return self.seen - self.since >= SUSTAINED.get(topic, 0.0)


def linger(topic: str) -> float:
    return BRIEFLY if topic in BRIEF else LINGER


class Advisor:
    """What is told of one source. Times are passed in and only grow."""

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}

    def tell(self, now: float, symptoms: Mapping[str, str]) -> list[str]:
        """Take what ails the source now, by topic; return what to tell, the worst first."""
        for topic, sentence in symptoms.items():
            known = self._topics.get(topic)
            if known is None:
                self._topics[topic] = _Topic(now, now, sentence)
                continue
            if not known.shown or now - known.worded >= REWORD:
                known.sentence, known.worded = sentence, now
            known.seen = now
        for topic in set(self._topics) - set(symptoms):
            known = self._topics[topic]
            if not known.told(topic) or now - known.seen >= linger(topic):
                del self._topics[topic]
        told = [t for t in TOPICS if t in self._topics and self._topics[t].told(t)][:MOST]
        for topic, known in self._topics.items():
            if topic in told and not known.shown:
                known.worded = now
            known.shown = topic in told
        return [self._topics[topic].sentence for topic in told]
