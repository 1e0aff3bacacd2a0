// Where a broadcast time is in a film whose pieces carry dates, and back. Pure.

/** A piece of a film: seconds in the film, and milliseconds since 1970 at its first picture. */
export interface Dated {
  start: number;
  duration: number;
  programDateTime: number | null;
}

/** The second of the film that shows `time`; null when no piece carries a date. */
export function positionAt(pieces: readonly Dated[], time: number): number | null {
  const dated = pieces.filter(({ programDateTime }) => programDateTime != null);
  const piece = dated.findLast((each) => dateOf(each) <= time) ?? dated[0];
  if (!piece) return null;
  // What was never on air is nowhere in the film: then comes what was on air next.
  return piece.start + Math.min(piece.duration, Math.max(0, time - dateOf(piece)));
}

/** The broadcast time of a second of the film; null when no piece carries a date. */
export function dateAt(pieces: readonly Dated[], position: number): number | null {
  const dated = pieces.filter(({ programDateTime }) => programDateTime != null);
  const piece = dated.findLast(({ start }) => start <= position) ?? dated[0];
  return piece ? dateOf(piece) + position - piece.start : null;
}

function dateOf({ programDateTime }: Dated): number {
  return (programDateTime ?? 0) / 1000;
}
