// Proof that this device is in a laboratory, by the code of the place: its ideas then show there at
// once, and its votes count for the laboratory. A tablet shows the code of its table to others.

import { call, type Problem } from "../api";

const AGAIN = 5000; // ms until the server is asked once more

export interface Invitation {
  address: string; // where the code of the table leads
  image: string; // the same as a QR code, an image's address
}

export class Presence {
  /** Undefined while the server has not said so. */
  proved: boolean | undefined;
  /** The code of the table, for its tablet to show. */
  invitation: Invitation | undefined;
  private asked = false;

  constructor(
    private readonly lab: string,
    private readonly changed: () => void,
  ) {}

  /** Take the place that this device has proved: a laboratory or a table, "" for none. */
  learn({ place = "" }: { place?: string }): void {
    this.proved = place === this.lab || place.startsWith(`${this.lab}.`);
    this.changed();
  }

  /** Ask for the code of a table; a network that is away only puts that off. */
  invite(table: string): void {
    if (this.asked) return;
    this.asked = true;
    void call<Invitation>("GET", `/api/v1/join/codes/${encodeURIComponent(table)}`).then(
      (invitation) => {
        this.invitation = invitation;
        this.changed();
      },
      (problem: Problem) => {
        if (!problem.passing) return;
        setTimeout(() => {
          this.asked = false;
          this.changed();
        }, AGAIN);
      },
    );
  }
}
