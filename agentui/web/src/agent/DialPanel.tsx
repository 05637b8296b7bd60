import { useSignal } from "@preact/signals";
import { keptText } from "../base/kept";
import type { AgentSnapshot, Contact } from "../protocol.gen";
import { command, live } from "../state";
import { Finder } from "./Finder";

/** DialPanel calls a number or a person by hand, past the same gates as every dial. */
export function DialPanel({ s }: { s: AgentSnapshot }) {
  const list = s.campaigns ?? [];
  const number = keptText("dial.number");
  const chosen = useSignal(0);
  const busy = useSignal(false);
  const campaign = list.some((c) => c.id === chosen.value) ? chosen.value : (list[0]?.id ?? 0);
  const able = live.value && !busy.value && campaign !== 0 && (s.state === "ready" || s.state === "not_ready");

  async function dial(whom: { number: string } | { contact_id: number }): Promise<void> {
    busy.value = true;
    const reply = await command("dial.manual", { campaign_id: campaign, ...whom });
    if (reply && "number" in whom) number.value = "";
    busy.value = false;
  }
  return (
    <div class="dial">
      <h3>Call by hand</h3>
      <label>
        Campaign
        <select value={String(campaign)} onChange={(e) => (chosen.value = Number(e.currentTarget.value))}>
          {list.map((c) => (
            <option key={c.id} value={String(c.id)}>
              {c.name}
            </option>
          ))}
        </select>
      </label>
      <form
        class="line"
        onSubmit={(e) => {
          e.preventDefault();
          void dial({ number: number.value.trim() });
        }}
      >
        <label>
          Number
          <input type="tel" maxLength={40} value={number.value} onInput={(e) => (number.value = e.currentTarget.value)} />
        </label>
        <button disabled={!able || number.value.trim() === ""}>{busy.value ? "Asking…" : "Call"}</button>
      </form>
      <Finder name="dial.find" action="Call" onPick={(c: Contact) => able && void dial({ contact_id: c.id })} />
    </div>
  );
}
