import { useSignal } from "@preact/signals";
import { keptText } from "../base/kept";
import { nameOf, phone } from "../base/format";
import type { Contact } from "../protocol.gen";
import { command, live } from "../state";

/** Finder finds persons by name, number or customer number, and offers to do something with one. */
export function Finder({ name, action, onPick }: { name: string; action: string; onPick: (c: Contact) => void }) {
  const text = keptText(name);
  const found = useSignal<Contact[] | null>(null);
  async function find(event: Event): Promise<void> {
    event.preventDefault();
    const reply = await command("contact.find", { text: text.value.trim() });
    if (reply) found.value = reply.d.contacts ?? [];
  }
  return (
    <>
      <form class="line" onSubmit={(e) => void find(e)}>
        <label>
          Name, number or customer no.
          <input type="search" value={text.value} maxLength={200} onInput={(e) => (text.value = e.currentTarget.value)} />
        </label>
        <button disabled={!live.value || text.value.trim().length < 2}>Find</button>
      </form>
      <div role="status">{found.value?.length === 0 && <p class="quiet">Nobody was found.</p>}</div>
      <People people={found.value ?? []} action={action} onPick={onPick} />
    </>
  );
}

/** People lists persons with a button each. */
export function People({ people, action, onPick }: { people: Contact[]; action: string; onPick: (c: Contact) => void }) {
  return (
    <ul class="plain people">
      {people.map((c) => (
        <li key={c.id}>
          <span>
            <b>{nameOf(c) || c.external_id || `No. ${c.id}`}</b>
            <span class="quiet">
              {[nameOf(c) === c.company ? "" : c.company, c.region, c.external_id, phone(c.numbers?.[0]?.e164 ?? "")]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </span>
          <button type="button" disabled={!live.value} aria-label={`${action}: ${nameOf(c)}`} onClick={() => onPick(c)}>
            {action}
          </button>
        </li>
      ))}
    </ul>
  );
}
