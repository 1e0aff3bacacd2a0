// Two people write the same synthesis: what each changed since both saw the same. Pure.

export interface Text {
  title: string;
  body: string;
  ideas: string[]; // ids of what it comes from, as the next
  clusters: string[];
}

/** A text, and which of its parts both changed, each to something else: there it is `mine`. */
export interface Merged {
  text: Text;
  clashes: ("title" | "body")[];
}

export function merged(base: Text, mine: Text, theirs: Text): Merged {
  const clashes: Merged["clashes"] = [];
  const words = (part: "title" | "body") => {
    const [was, here, there] = [base, mine, theirs].map((text) => cleaned(text[part]));
    if (here === was || here === there) return theirs[part];
    if (there !== was) clashes.push(part);
    return mine[part];
  };
  const text = {
    title: words("title"),
    body: words("body"),
    ideas: together(base.ideas, mine.ideas, theirs.ideas),
    clusters: together(base.clusters, mine.clusters, theirs.clusters),
  };
  return { text, clashes };
}

/** Where both wrote the body, one after the other; a title cannot be two. */
export function joined(mine: Text, theirs: Text): Text {
  return { ...mine, body: [theirs.body, mine.body].filter(Boolean).join("\n\n") };
}

export function same(one: Text, other: Text): boolean {
  return (
    one.title === other.title &&
    one.body === other.body &&
    sameList(one.ideas, other.ideas) &&
    sameList(one.clusters, other.clusters)
  );
}

/** Whether the server would keep `one` as the `other`. */
export function alike(one: Text, other: Text): boolean {
  const clean = (text: Text) => ({ ...text, title: cleaned(text.title), body: cleaned(text.body) });
  return same(clean(one), clean(other));
}

/** As the server keeps it (tv/pages/api_syntheses.py), near enough to tell who changed it. */
function cleaned(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Theirs, less what I took away, and what I added. */
function together(base: string[], mine: string[], theirs: string[]): string[] {
  const kept = theirs.filter((id) => mine.includes(id) || !base.includes(id));
  const added = mine.filter((id) => !base.includes(id) && !theirs.includes(id));
  return [...kept, ...added];
}

function sameList(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((id, rank) => id === other[rank]);
}
