// The few signs that buttons carry. Decorative: each button says in words what it does.
// Drawing one changes nothing else, so that a page is built with those alone that it shows.

import { svg as drawn } from "lit";

/* @__NO_SIDE_EFFECTS__ */
export function svg(strings: TemplateStringsArray, ...values: unknown[]) {
  return drawn(strings, ...values);
}

/* @__NO_SIDE_EFFECTS__ */
export function icon(content: unknown) {
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    ${content}
  </svg>`;
}

export const play = icon(svg`<path d="M8 5.6v12.8L18.6 12z" fill="currentColor" />`);
export const sound = icon(
  svg`<path d="M4 9.5v5h3.2L12 18.5v-13L7.2 9.5z" fill="currentColor" />
    <path d="M15 9a4.2 4.2 0 0 1 0 6m2.6-8.6a8 8 0 0 1 0 11.2" />`,
);
export const captions = icon(
  svg`<rect x="3" y="5.5" width="18" height="13" rx="2.5" />
    <path d="M6.5 11h4m3 0h4m-11 3.5h7m3 0h1" />`,
);
export const settings = icon(
  svg`<path d="M4 7.5h8m5 0h3M4 16.5h3m5 0h8" />
    <circle cx="14.5" cy="7.5" r="2.4" /><circle cx="9.5" cy="16.5" r="2.4" />`,
);
export const support = icon(svg`<path d="m12 6 6.5 7.2h-4V19h-5v-5.8h-4z" />`);
export const supported = icon(
  svg`<path d="m12 6 6.5 7.2h-4V19h-5v-5.8h-4z" fill="currentColor" />`,
);
export const close = icon(svg`<path d="m6 6 12 12M18 6 6 18" />`);
export const ask = icon(
  svg`<path d="M4.5 5.5h15v10.6h-8.3L7 19.8v-3.7H4.5z" stroke-linejoin="round" />`,
);
export const send = icon(
  svg`<path d="M20.5 4 3.5 11.2l6.3 2.9 2.9 6.4zM9.8 14.1l4.4-4.2" stroke-linejoin="round" />`,
);
export const done = icon(svg`<path d="m5 12.6 4.6 4.6L19.4 7.4" />`);
export const down = icon(svg`<path d="M12 5v13m0 0-5-5m5 5 5-5" />`);
export const warning = icon(svg`<path d="M12 4.5 21 19.5H3zM12 10v4.5m0 2.4v.1" />`);
export const search = icon(svg`<circle cx="10.5" cy="10.5" r="6" /><path d="m15 15 5 5" />`);
export const up = icon(svg`<path d="m6 14.5 6-6 6 6" />`);
export const next = icon(svg`<path d="m6 9.5 6 6 6-6" />`);
export const download = icon(svg`<path d="M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 19.5h14" />`);
export const link = icon(
  svg`<path d="M10.3 13.7a3.6 3.6 0 0 0 5.1 0l3.2-3.2a3.6 3.6 0 1 0-5.1-5.1l-1.2 1.2" />
    <path d="M13.7 10.3a3.6 3.6 0 0 0-5.1 0l-3.2 3.2a3.6 3.6 0 1 0 5.1 5.1l1.2-1.2" />`,
);
export const replay = icon(
  svg`<path d="M5 12a7 7 0 1 0 2.2-5.1M5 4v4h4" stroke-linejoin="round" />
    <path d="M10.4 9.2v5.6l4.6-2.8z" fill="currentColor" />`,
);
export const shown = icon(
  svg`<path d="M3 12s3.2-6 9-6 9 6 9 6-3.2 6-9 6-9-6-9-6z" stroke-linejoin="round" />
    <circle cx="12" cy="12" r="2.6" />`,
);
export const hidden = icon(
  svg`<path d="M3 12s3.2-6 9-6 9 6 9 6-3.2 6-9 6-9-6-9-6z" stroke-linejoin="round" />
    <circle cx="12" cy="12" r="2.6" /><path d="M5 19 19 5" />`,
);
export const picture = icon(
  svg`<rect x="3.5" y="5" width="17" height="14" rx="2.5" /><circle cx="9" cy="10" r="1.6" />
    <path d="m4.5 17 4.7-4.3 3.3 2.8 3-2.6 4 3.6" stroke-linejoin="round" />`,
);
export const pen = icon(
  svg`<path d="m5 19 1.2-4.6L16.4 4.2a1.6 1.6 0 0 1 2.3 0l1.1 1.1a1.6 1.6 0 0 1 0 2.3L9.6 17.8z"
      stroke-linejoin="round" />`,
);
export const carry = icon(
  svg`<path d="M4 17.5c0-6 4-9 9.5-9H19m0 0-4-4m4 4-4 4" stroke-linejoin="round" />`,
);
export const person = icon(
  svg`<circle cx="12" cy="8.2" r="3.7" /><path d="M4.8 19.8a7.2 7.2 0 0 1 14.4 0" />`,
);
export const air = icon(
  svg`<circle cx="12" cy="12" r="2.6" fill="currentColor" />
    <path d="M7.6 16.4a6.2 6.2 0 0 1 0-8.8m8.8 0a6.2 6.2 0 0 1 0 8.8M4.8 19.2a10.2 10.2 0 0 1 0-14.4m14.4 0a10.2 10.2 0 0 1 0 14.4" />`,
);
export const wall = icon(
  svg`<rect x="3.5" y="4.5" width="7.5" height="6.5" rx="1.5" />
    <rect x="14" y="4.5" width="6.5" height="9.5" rx="1.5" />
    <rect x="3.5" y="14" width="7.5" height="5.5" rx="1.5" />
    <rect x="14" y="17" width="6.5" height="2.5" rx="1" />`,
);
export const rooms = icon(
  svg`<rect x="3" y="5" width="18" height="11.5" rx="2" /><path d="M9 20h6m-3-3.5V20" />`,
);
export const flag = icon(svg`<path d="M6 20.5v-17m0 1.5h11.5l-2 4 2 4H6" stroke-linejoin="round" />`);
