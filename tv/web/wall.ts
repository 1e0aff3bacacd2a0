// The wall's page, for a screen that people pass: posts in turn, and how to write one.

import { html, render } from "lit";
import { Live } from "./live";
import { drawing, page } from "./page";
import { keepLit } from "./parts/lit_display";
import { announce } from "./parts/text";
import { WallDisplay } from "./parts/wall";
import { enter } from "./session";

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const wall = new WallDisplay($("#wall"), live, {
  address: page.address ?? "",
  code: page.code ?? "",
});

keepLit(true);
addEventListener("resize", draw);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = (event.target as HTMLElement).closest("button, a, input");
  if (event.key === " " && !pressed) {
    event.preventDefault();
    pause();
  } else if (event.key === "ArrowRight") {
    wall.advance();
  }
});
void enter().then(() => live.follow("wall"));

function pause(): void {
  wall.paused = !wall.paused;
  announce(wall.paused ? "Le mur est en pause." : "Le mur défile.");
  draw();
}

function redraw(): void {
  wall.draw();
  render(
    html`${
        live.connected
          ? ""
          : html`<span class="chip trouble"><span class="spinner"></span>Reconnexion…</span>`
      }
      <button class="quiet" @click=${pause}>
        ${wall.paused ? "Reprendre" : "Pause"} <kbd>Espace</kbd>
      </button>`,
    $("#wall-bar"),
  );
}
