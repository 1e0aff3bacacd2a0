"""What the journal holds: all that happens besides the media."""

from captions.cues import CueWritten
from engagement.audience import AnyEvent

Event = AnyEvent | CueWritten
