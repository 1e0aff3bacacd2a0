// A display that is no screen yet: the code by which the control room makes it one, or a phone.

import { html, nothing, render } from "lit";
import { call, Problem } from "../api";

const ASKING = 2; // seconds between two looks at whether it was claimed
const RESTING = 5; // seconds before a new attempt, when the server is away

interface Code {
  code: string;
  secret: string;
  expires_in: number; // seconds
  picture: string; // the same as a QR code, for who walks from screen to screen with a phone
}

/** Show codes in `element`, one after the other, until `claimed` is called with a screen's id. */
export async function pairing(
  element: HTMLElement,
  claimed: (screen: string) => void,
): Promise<void> {
  for (;;) {
    try {
      const screen = await wait(element, await call<Code>("POST", "/api/v1/displays", {}));
      if (screen) return claimed(screen);
    } catch {
      draw(element);
      await rest(RESTING);
    }
  }
}

/** Wait with one code: the screen that this has become, "" when the code's time is over. */
async function wait(element: HTMLElement, shown: Code): Promise<string> {
  const { code, secret, expires_in } = shown;
  draw(element, shown);
  const until = performance.now() + 1000 * (expires_in - 10);
  while (performance.now() < until) {
    await rest(ASKING);
    try {
      const joined = await call<{ screen?: string }>("POST", `/api/v1/displays/${code}:join`, {
        secret,
      });
      if (joined.screen) return joined.screen;
    } catch (problem) {
      if (!(problem as Problem).passing) return "";
    }
  }
  return "";
}

function draw(element: HTMLElement, shown?: Code): void {
  render(
    html`<div>
        <p class="eyebrow">Associer cet écran</p>
        <p class="pairing-code" role="status">${shown?.code ?? "……"}</p>
        <p>
          ${
            shown
              ? html`En régie, sous <strong>Salles</strong>, saisissez ce code. Ou scannez-le avec un
                  téléphone de l’équipe.`
              : "Le serveur ne répond pas. Cet écran réessaie."
          }
        </p>
      </div>
      ${shown ? html`<img src=${shown.picture} alt="" />` : nothing}`,
    element,
  );
}

function rest(time: number): Promise<void> {
  return new Promise((done) => setTimeout(done, 1000 * time));
}
