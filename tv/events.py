"""What the journal holds: all that happens besides the media."""

from captions.wording.events import AnyCaptionEvent
from engagement.audience import AnyEvent

Event = AnyEvent | AnyCaptionEvent
