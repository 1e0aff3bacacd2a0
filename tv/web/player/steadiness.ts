// Whether a picture stutters for so long that another way is better. Pure: looks in, a verdict out.

const REMEMBERED = 40; // looks, twice a second
const POOR = 8; // of them without a new picture: a fifth of the time stood still

export class Steadiness {
  private readonly looks: boolean[] = []; // whether each found the picture moved
  private seen = -1;

  /** Look at how many pictures have been shown by now. */
  look(pictures: number): void {
    if (this.seen >= 0) this.looks.push(pictures !== this.seen);
    this.seen = pictures;
    if (this.looks.length > REMEMBERED) this.looks.shift();
  }

  /** Another picture, or a page that was not in sight: nothing is known. */
  forget(): void {
    this.looks.length = 0;
    this.seen = -1;
  }

  get stutters(): boolean {
    return this.looks.filter((moved) => !moved).length >= POOR;
  }
}
