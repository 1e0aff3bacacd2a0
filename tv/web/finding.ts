// Finding words in what was said, whatever accents and capitals were typed. Pure.

const MOST = 500; // places: more than anyone steps through

/** Letters and digits alone, without accents, in small letters; words apart by one space. */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .replaceAll("œ", "oe")
    .replaceAll("æ", "ae")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** Words that were said, to be searched again and again. */
export class Index {
  private text = "";
  private readonly starts: number[] = []; // where each word begins in the text

  constructor(words: readonly string[]) {
    const pieces: string[] = [];
    let length = 0;
    for (const word of words) {
      const letters = folded(word);
      const piece = letters && ` ${letters}`; // a sign alone is no word
      this.starts.push(length);
      length += piece.length;
      pieces.push(piece);
    }
    this.text = pieces.join("");
  }

  /** The ranks of the first and the last word of each place where the query begins a word. */
  find(query: string): [number, number][] {
    const wanted = folded(query);
    const found: [number, number][] = [];
    if (!wanted) return found;
    let at = this.text.indexOf(` ${wanted}`);
    while (at >= 0 && found.length < MOST) {
      const end = at + wanted.length;
      found.push([this.wordAt(at), this.wordAt(end)]);
      at = this.text.indexOf(` ${wanted}`, end);
    }
    return found;
  }

  private wordAt(place: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] as number) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
