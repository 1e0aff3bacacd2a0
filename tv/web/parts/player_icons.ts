// Signs that only what plays carries.

import { icon, svg } from "./icons";

export const stop = icon(svg`<path d="M7.5 5.5h3v13h-3zm6 0h3v13h-3z" fill="currentColor" />`);
export const back = icon(
  svg`<path d="M6.2 7.4A8 8 0 1 1 4 13M6 3.6v4.2h4.2" stroke-linejoin="round" />
    <text x="12.2" y="15.7" fill="currentColor">10</text>`,
);
export const forward = icon(
  svg`<path d="M17.8 7.4A8 8 0 1 0 20 13M18 3.6v4.2h-4.2" stroke-linejoin="round" />
    <text x="11.8" y="15.7" fill="currentColor">10</text>`,
);
export const muted = icon(
  svg`<path d="M4 9.5v5h3.2L12 18.5v-13L7.2 9.5z" fill="currentColor" />
    <path d="m15.5 9.5 5 5m0-5-5 5" />`,
);
export const fullscreen = icon(
  svg`<path d="M4 9V4.5h4.5M20 9V4.5h-4.5M4 15v4.5h4.5M20 15v4.5h-4.5" />`,
);
export const signs = icon(
  svg`<path d="M7.2 12.6 5 8.9a1.15 1.15 0 0 1 2-1.1l2.2 3.4-1-5a1.15 1.15 0 0 1 2.2-.5l1.4 4.9
      .3-5a1.15 1.15 0 0 1 2.3.1l-.1 5.6 1.6-3.6a1.1 1.1 0 0 1 2.1.8l-1.6 6.2c-.6 2.4-2 3.9-4.2
      3.9-2.1 0-3.4-.9-4.6-2.4l-3.2-3.7a1.1 1.1 0 0 1 1.5-1.6z" stroke-linejoin="round" />`,
);
export const float = icon(
  svg`<path d="M20.5 11V7A2 2 0 0 0 18.5 5h-13A2 2 0 0 0 3.5 7v10a2 2 0 0 0 2 2H10" />
    <rect x="13" y="13" width="8" height="6" rx="1.5" fill="currentColor" />`,
);
