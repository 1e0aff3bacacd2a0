// A drawing made with a finger or a pen: a few colours on paper, kept as a picture.

import { html } from "lit";
import type { Photo } from "../parts/photo";
import { Sheet } from "../parts/sheet";
import { variable } from "../parts/variable";

const WIDTH = 1200; // pixels of the paper
const HEIGHT = 800;
const THICKNESS = 9;
const PREVIEW = 480;
const PAPER = "#fffaf2";
const PENS: [string, string][] = [
  ["#1d1205", "Noir"],
  ["#c2330f", "Rouge"],
  ["#0f5f9e", "Bleu"],
  ["#2d7a3a", "Vert"],
];

interface Stroke {
  colour: string;
  points: [number, number][];
}

export class Sketch {
  private readonly sheet = new Sheet("sketch", true); // what is drawn is gone when it closes
  private strokes: Stroke[] = [];
  private readonly under = new Map<number, Stroke>(); // each finger, or pen, by its pointer's id
  private colour = PENS[0]?.[0] ?? PAPER;
  private keep: (drawn: Photo) => void = () => {};

  open(keep: (drawn: Photo) => void): void {
    this.keep = keep;
    this.strokes = [];
    this.under.clear();
    this.draw();
    this.sheet.open();
    this.paint();
  }

  private draw(): void {
    this.sheet.draw(
      "Dessiner",
      html`<canvas
          width=${WIDTH}
          height=${HEIGHT}
          role="img"
          aria-label="La feuille\u00a0: on y dessine avec le doigt ou la souris"
          @pointerdown=${(event: PointerEvent) => this.begin(event)}
          @pointermove=${(event: PointerEvent) => this.go(event)}
        ></canvas>
        <fieldset class="pens">
          <legend class="visually-hidden">Couleur</legend>
          ${PENS.map(
            ([colour, name]) =>
              html`<label ${variable("--pen", colour)}>
                <input
                  type="radio"
                  name="pen"
                  .checked=${colour === this.colour}
                  @change=${() => {
                    this.colour = colour;
                  }}
                />
                <span class="visually-hidden">${name}</span>
              </label>`,
          )}
        </fieldset>
        <footer>
          <button type="button" class="quiet" @click=${() => this.undo()}>Effacer le trait</button>
          <button type="button" class="primary" @click=${() => void this.done()}>
            Garder
          </button>
        </footer>`,
      "Fermer sans garder",
    );
  }

  private begin(event: PointerEvent): void {
    const paper = event.currentTarget as HTMLCanvasElement;
    paper.setPointerCapture(event.pointerId);
    const at = point(paper, event);
    const stroke: Stroke = { colour: this.colour, points: [at, at] }; // a tap leaves a dot
    this.strokes.push(stroke);
    this.under.set(event.pointerId, stroke);
    this.paint();
  }

  private go(event: PointerEvent): void {
    const paper = event.currentTarget as HTMLCanvasElement;
    const stroke = this.under.get(event.pointerId);
    if (!stroke || !event.buttons || !paper.hasPointerCapture(event.pointerId)) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      stroke.points.push(point(paper, each));
    }
    this.paint();
  }

  private undo(): void {
    this.strokes.pop();
    this.paint();
  }

  private async done(): Promise<void> {
    const { paper } = this;
    if (!this.strokes.length || !paper) return this.sheet.close();
    const body = await new Promise<Blob | null>((done) => paper.toBlob(done, "image/jpeg", 0.9));
    this.sheet.close();
    if (body) this.keep({ body, preview: small(paper) });
  }

  private get paper(): HTMLCanvasElement | null {
    return this.sheet.find("canvas");
  }

  private paint(): void {
    const pen = this.paper?.getContext("2d");
    if (!pen) return;
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.lineWidth = THICKNESS;
    pen.lineCap = pen.lineJoin = "round";
    for (const { colour, points } of this.strokes) {
      pen.strokeStyle = colour;
      pen.beginPath();
      for (const at of points) pen.lineTo(...at);
      pen.stroke();
    }
  }
}

function point(paper: HTMLCanvasElement, event: PointerEvent): [number, number] {
  const box = paper.getBoundingClientRect();
  const x = ((event.clientX - box.left) * WIDTH) / box.width;
  return [x, ((event.clientY - box.top) * HEIGHT) / box.height];
}

function small(paper: HTMLCanvasElement): string {
  const copy = document.createElement("canvas");
  copy.width = PREVIEW;
  copy.height = (PREVIEW * HEIGHT) / WIDTH;
  copy.getContext("2d")?.drawImage(paper, 0, 0, copy.width, copy.height);
  return copy.toDataURL("image/jpeg", 0.7);
}
