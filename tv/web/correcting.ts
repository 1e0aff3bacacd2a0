// What a person's change to a caption amounts to. Pure.

const MOST = 6; // words: longer is another sentence, and no rule

/** Words that were heard, and how they are to be written. */
export interface Change {
  heard: string;
  written: string;
}

/** The one run of words that became another; null when none did, or more than one could name. */
export function changeOf(before: string, after: string): Change | null {
  const old = words(before);
  const fresh = words(after);
  const most = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < most && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const heard = bare(old.slice(head, old.length - tail));
  const written = bare(fresh.slice(head, fresh.length - tail));
  const short = Math.max(words(heard).length, words(written).length) <= MOST;
  return heard && written && heard !== written && short ? { heard, written } : null;
}

/**
 * A draft of what was `before`, with what came after it until `now`; null when the words before
 * have become others meanwhile.
 */
export function caughtUp(before: string, draft: string, now: string): string | null {
  return now.startsWith(before) ? draft.trimEnd() + now.slice(before.length) : null;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** Words without the marks around them: a rule is about words. */
function bare(run: string[]): string {
  return run.join(" ").replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
}
