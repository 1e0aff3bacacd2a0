// The bar along which one goes through a talk: where one is, where things happened, what was there.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { stopwatch } from "../french";
import { variable } from "./variable";

export const STEP = 10; // seconds: an arrow, a button
const LEAP = 60; // seconds: page up, page down
const QUIET = 250; // ms without a key before one goes there
const ARRIVED = 2; // seconds around what was wanted
export const NEARLY = 0.02; // seconds: a player goes to its microsecond, not quite to ours
const PATIENCE = 20_000; // ms after which what was wanted is given up

export interface Mark {
  kind: string;
  start: number; // broadcast seconds, as all times here
  title: string;
}

export interface Course {
  start: number;
  end: number;
  shown: number; // of the picture
  label: string;
  text: (time: number) => string; // what a screen reader says of a time
  short?: (time: number) => string; // what is shown of it; else how far from the start
  marks?: Mark[];
  thumbnail?: (time: number) => string; // its address; "" when there is none
}

export class Timeline {
  private wanted: number | null = null; // where one is going
  private held: { start: number; end: number } | null = null; // while a finger is on the bar
  private looked: number | null = null; // what the pointer is over
  private focused = false; // by the keyboard
  private timer = 0;
  private patience = 0;

  /** `go` goes to a time; `changed` draws. */
  constructor(
    private readonly go: (time: number) => void,
    private readonly changed: () => void,
  ) {}

  /** Go `by` seconds from where one is, or is going to. Quick steps add up. */
  step(by: number, course: Course): void {
    this.want((this.wanted ?? course.shown) + by, course);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.leave(), QUIET);
  }

  /** Where one is going: nothing once the picture is there, or is not to be had. */
  forget(): void {
    this.wanted = null;
    this.changed();
  }

  render(course: Course) {
    const { start, end } = this.held ?? course;
    const length = Math.max(1, end - start);
    if (this.wanted != null && !this.held && Math.abs(course.shown - this.wanted) < ARRIVED)
      this.wanted = null;
    const at = Math.min(end, Math.max(start, this.wanted ?? course.shown));
    const part = (time: number) => String(Math.min(1, Math.max(0, (time - start) / length)));
    const peeked = this.looked ?? (this.held || this.focused ? at : null);
    return html`<div
      class="timeline"
      ${variable("--at", part(at))}
      @pointermove=${(event: PointerEvent) => this.look(event, start, length)}
      @pointerleave=${() => this.lookAway()}
    >
      ${(course.marks ?? []).map(
        (mark) =>
          html`<span class="mark" data-kind=${mark.kind} ${variable("--at", part(mark.start))}></span>`,
      )}
      <input
        type="range"
        min="0"
        max=${length}
        step="any"
        aria-label=${course.label}
        aria-valuetext=${course.text(at)}
        .value=${live(String(at - start))}
        @pointerdown=${() => {
          this.held = { start, end };
        }}
        @input=${(event: InputEvent) => this.want(start + valueOf(event), course)}
        @change=${() => this.leave()}
        @pointerup=${() => this.release()}
        @pointercancel=${() => this.release()}
        @keydown=${(event: KeyboardEvent) => this.key(event, course)}
        @focus=${({ target }: Event) => this.focus((target as Element).matches(":focus-visible"))}
        @blur=${() => this.focus(false)}
      />
      ${this.peek(peeked, course, part)}
    </div>`;
  }

  /** What was there, above the bar. */
  private peek(time: number | null, course: Course, part: (time: number) => string) {
    if (time == null) return nothing;
    const picture = course.thumbnail?.(time);
    const chapter = course.marks?.findLast((mark) => mark.kind !== "hit" && mark.start <= time);
    return html`<div class="peek" aria-hidden="true" ${variable("--at", part(time))}>
      ${picture ? html`<img src=${picture} alt="" />` : nothing}
      ${chapter ? html`<span class="peek-title">${chapter.title}</span>` : nothing}
      <span class="peek-time">${(course.short ?? ((at) => stopwatch(at - course.start + NEARLY)))(time)}</span>
    </div>`;
  }

  private want(time: number, { start, end }: Course): void {
    const span = this.held ?? { start, end };
    this.wanted = Math.min(span.end, Math.max(span.start, time));
    this.looked = null;
    this.changed();
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.held = null;
    if (this.wanted == null) return;
    this.go(this.wanted);
    clearTimeout(this.patience);
    this.patience = window.setTimeout(() => this.forget(), PATIENCE);
  }

  /** The bar grows again. */
  private release(): void {
    // `change` comes after `pointerup`, and must find the bar as the finger had it.
    setTimeout(() => {
      this.held = null;
      this.changed();
    });
  }

  private key(event: KeyboardEvent, course: Course): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = {
      ArrowLeft: -STEP,
      ArrowDown: -STEP,
      ArrowRight: STEP,
      ArrowUp: STEP,
      PageDown: -LEAP,
      PageUp: LEAP,
      Home: course.start - course.end,
      End: course.end - course.start,
    };
    const by = steps[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.focused = true;
    this.step(by, course);
  }

  private look(event: PointerEvent, start: number, length: number): void {
    if (event.pointerType === "touch") return; // a finger hides what it is over
    const bar = (event.currentTarget as HTMLElement).querySelector("input") as HTMLElement;
    const { left, width } = bar.getBoundingClientRect();
    const thumb = Number.parseFloat(getComputedStyle(bar).getPropertyValue("--thumb")) || 16;
    const share = (event.clientX - left - thumb / 2) / (width - thumb);
    this.looked = this.held ? null : start + length * Math.min(1, Math.max(0, share));
    this.changed();
  }

  private focus(focused: boolean): void {
    this.focused = focused;
    this.changed();
  }

  private lookAway(): void {
    this.looked = null;
    this.changed();
  }
}

function valueOf(event: Event): number {
  return Number((event.target as HTMLInputElement).value);
}
