"""How captions are written, for `/metrics`: what `quality` keeps, as Prometheus takes it."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tv.captioning.quality import First, Second


class Written(Collector):
    """What was `told` last, by channel.

    `late` counts words that came too late for their file of HLS, of those that were served by this
    `worker`.
    """

    def __init__(self, late: Mapping[str, int], worker: str) -> None:
        self._late = late
        self._worker = worker
        self.told: Mapping[str, tuple[First | None, Second | None]] = {}

    def describe(self) -> Iterator[Metric]:
        return iter(())  # families depend on nothing, but values do: there is nothing to check

    def collect(self) -> Iterator[Metric]:
        place = ["channel"]
        name = "fabrique_caption"
        refused = CounterMetricFamily(
            f"{name}_refused", "transcripts not believed", labels=["channel", "reason"]
        )
        dropped = CounterMetricFamily(
            f"{name}_dropped_cues", "not taken by the store", labels=place
        )
        paused = CounterMetricFamily(f"{name}_paused_seconds", "of sound unheard", labels=place)
        again = CounterMetricFamily(f"{name}_reread_seconds", "heard again", labels=place)
        left = CounterMetricFamily(
            f"{name}_unread_seconds", "never heard again, for want of time", labels=place
        )
        waiting = GaugeMetricFamily(
            f"{name}_waiting_seconds", "of sound to be heard again", labels=place
        )
        words = CounterMetricFamily(f"{name}_reread_words", "changed by that", labels=place)
        for channel, (first, second) in self.told.items():
            if first is not None:
                for reason, count in first.refused.items():
                    refused.add_metric([channel, reason], count)
                dropped.add_metric([channel], first.dropped)
                paused.add_metric([channel], first.paused)
            if second is not None:
                again.add_metric([channel], second.heard)
                left.add_metric([channel], second.left)
                waiting.add_metric([channel], second.waiting)
                words.add_metric([channel], second.words)
        late = CounterMetricFamily(
            f"{name}_late_words", "in the file after theirs", labels=["channel", "worker"]
        )
        for channel, number in self._late.items():
            late.add_metric([channel, self._worker], number)
        yield from (refused, dropped, paused, again, left, waiting, words, late)
