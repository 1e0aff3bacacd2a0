// « Nouvelle clé… »: another stream key for a slot, once somebody has read what that does.

import { html, nothing } from "lit";
import { call } from "../api";
import { page } from "../page";
import { Sheet } from "../parts/sheet";
import type { Channel, Slot } from "../protocol";

const OF_SLOT = { primary: "principal", backup: "secours" };

interface Keys {
  rtmp: string;
  whip: string;
  srt: string;
}

export class NewKey {
  // Only its buttons close it: what it shows is shown once.
  private readonly sheet = new Sheet("new-key", true);
  private channel: Channel | undefined;
  private slot: Slot = "primary";
  private keys: Keys | null = null;
  private busy = false;
  private trouble = "";

  readonly open = (channel: Channel, slot: Slot): void => {
    this.channel = channel;
    this.slot = slot;
    this.keys = null;
    this.trouble = "";
    this.draw();
    this.sheet.open();
    this.sheet.find(".new-key-cancel")?.focus();
  };

  private draw(): void {
    const { channel, slot, keys } = this;
    if (!channel) return;
    const of = `${OF_SLOT[slot]}, ${channel.name}`;
    this.sheet.draw(
      keys ? `Nouvelle clé du ${of}` : `Changer la clé du ${of}\u202f?`,
      html`<div class="composer new-key">
        <div role="status">${keys ? this.shown(channel, keys) : this.asked()}</div>
        ${this.trouble ? html`<p class="advice" role="alert">${this.trouble}</p>` : nothing}
        <div class="acts">
          ${
            keys
              ? html`<button class="primary" @click=${() => this.close()}>J’ai noté la clé</button>`
              : html`<button
                    class="primary"
                    aria-disabled=${this.busy ? "true" : nothing}
                    @click=${() => void this.renew()}
                  >
                    Changer la clé
                  </button>
                  <button class="quiet new-key-cancel" @click=${() => this.close()}>Annuler</button>`
          }
        </div>
      </div>`,
    );
  }

  private asked() {
    const source = this.channel?.sources?.find(({ slot }) => slot === this.slot);
    const cut =
      source?.connected && source.kind !== "pull"
        ? "Un studio diffuse ici en ce moment\u00a0: il sera coupé tout de suite."
        : "Aucun studio ne diffuse ici en ce moment.";
    return html`<p>
      <strong>${cut}</strong> L’ancienne clé n’ouvrira plus rien\u00a0: il faudra mettre la nouvelle
      dans l’encodeur.
    </p>`;
  }

  private shown({ id }: Channel, { rtmp, whip, srt }: Keys) {
    const rows: [string, string, string][] = [
      ["RTMP", `rtmp://${location.hostname}:${page.rtmpPort ?? 1935}/live`, rtmp],
      ["WHIP", `${location.origin}/${id}/whip`, whip],
      ["SRT", "streamid", `publish:${id}:${srt}`],
    ];
    return html`<p>Copiez-la maintenant\u00a0: cette page ne la montrera plus.</p>
      <dl class="new-keys">
        ${rows.map(
          ([name, where, key]) =>
            html`<div><dt>${name} <span class="note">${where}</span></dt><dd><code>${key}</code></dd></div>`,
        )}
      </dl>`;
  }

  private close(): void {
    this.sheet.close();
    this.keys = null;
    this.draw(); // the key stays nowhere in the page
  }

  private async renew(): Promise<void> {
    if (this.busy || !this.channel) return;
    this.busy = true;
    this.trouble = "";
    this.draw();
    try {
      const path = `/api/v1/channels/${this.channel.id}/keys/${this.slot}:renew`;
      this.keys = await call<Keys>("POST", path);
    } catch (error) {
      this.trouble = (error as Error).message;
    } finally {
      this.busy = false;
      this.draw();
      if (this.keys) this.sheet.find(".acts .primary")?.focus();
    }
  }
}
