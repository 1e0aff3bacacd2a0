// Small pictures of a film by its second, as WebVTT lists them. Pure, save the fetching.

export interface Thumbnail {
  start: number; // seconds in the film
  address: string;
}

const TIMING = /^(?:(\d+):)?(\d\d):(\d\d\.\d{3})\s+-->/;

/** Read WebVTT whose cues are addresses, relative to `base`. */
export function listed(text: string, base: string): Thumbnail[] {
  const found: Thumbnail[] = [];
  const lines = text.split(/\r?\n/);
  for (const [rank, line] of lines.entries()) {
    const timing = TIMING.exec(line);
    const address = lines[rank + 1]?.trim();
    if (!timing || !address) continue;
    const [, hours = "0", minutes = "0", seconds = "0"] = timing;
    const start = 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);
    found.push({ start, address: new URL(address, base).href });
  }
  return found;
}

/** The newest picture at a second of the film; "" when there is none. */
export function pictureAt(thumbnails: Thumbnail[], second: number): string {
  return (thumbnails.findLast(({ start }) => start <= second) ?? thumbnails[0])?.address ?? "";
}

export async function thumbnailsAt(address: string): Promise<Thumbnail[]> {
  const response = await fetch(address, { credentials: "same-origin" });
  return response.ok ? listed(await response.text(), response.url) : [];
}
