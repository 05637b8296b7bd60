import { useSignal } from "@preact/signals";
import { wallTime, words } from "../format";
import type { CallView, Contact, Pop } from "../protocol.gen";
import { command } from "../state";

/** Customer is the left column: who it is and what happened before. */
export function Customer({ call }: { call?: CallView | null }) {
  const pop = call?.pop;
  if (!call) return <section class="panel"><h2>Customer</h2><p class="quiet">No call.</p></section>;
  return (
    <section class="panel" aria-label="Customer">
      <h2 data-testid="customer">{pop && name(pop.contact) ? name(pop.contact) : "Unknown caller"}</h2>
      <p class="number">{call.number}</p>
      {pop?.local_time && (
        <p>
          {wallTime(pop.local_time)} there
          {pop.calls_allowed_until && <>, calls allowed until {wallTime(pop.calls_allowed_until)}</>}
        </p>
      )}
      {pop && <Badges pop={pop} />}
      {(!pop || pop.contact.id === 0) && <WhoIsIt call={call} candidates={pop?.candidates ?? []} />}
      {pop && <Facts contact={pop.contact} />}
      {pop && pop.factors.length > 0 && (
        <>
          <h3>Why this customer</h3>
          <ul class="plain">
            {pop.factors.map((f) => (
              <li key={f.name}>{f.text}</li>
            ))}
          </ul>
        </>
      )}
      {pop && (
        <>
          <h3>Last contacts</h3>
          {pop.history.length === 0 && <p class="quiet">None.</p>}
          <ol class="plain history">
            {pop.history.map((h) => (
              <li key={h.at + h.direction}>
                <time>{h.at.slice(0, 16).replace("T", " ")}</time> {words(h.disposition ?? h.outcome ?? h.direction)}
                {h.campaign && <span class="quiet"> · {h.campaign}</span>}
                {h.notes && <div class="quiet">{h.notes}</div>}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function name(c: Contact): string {
  return [c.first_name, c.last_name].filter(Boolean).join(" ") || c.company || "";
}

function Badges({ pop }: { pop: Pop }) {
  const blocked = (pop.contact.numbers ?? []).some((n) => n.do_not_call);
  return (
    <p class="badges">
      {blocked && <span class="badge bad">Do not call</span>}
      {pop.consents.map((c) => (
        <span key={c.purpose + c.channel} class={`badge ${c.granted ? "good" : "bad"}`}>
          {words(c.purpose)} by {c.channel}: {c.granted ? "yes" : "no"}
        </span>
      ))}
      {pop.consents.length === 0 && <span class="badge">No consent recorded</span>}
    </p>
  );
}

function Facts({ contact }: { contact: Contact }) {
  const facts: [string, string][] = [
    ["Company", contact.company ?? ""],
    ["E-mail", contact.email ?? ""],
    ["Language", contact.language ?? ""],
    ["Region", [contact.region, contact.postal_code].filter(Boolean).join(" ")],
    ...Object.entries(contact.attributes ?? {}).map(([k, v]): [string, string] => [words(k), v]),
  ];
  return (
    <dl>
      {facts
        .filter(([, v]) => v !== "")
        .map(([k, v]) => (
          <div key={k}>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
    </dl>
  );
}

/** WhoIsIt lets the agent choose, find or create the person of an inbound call. */
function WhoIsIt({ call, candidates }: { call: CallView; candidates: Contact[] }) {
  const found = useSignal<Contact[]>(candidates);
  const text = useSignal("");
  const bind = (c: Contact) => void command("contact.bind", { call_id: call.call_id, contact_id: c.id });
  async function find(event: Event): Promise<void> {
    event.preventDefault();
    const reply = await command<{ contacts?: Contact[] } | Contact[]>("contact.find", { text: text.value });
    found.value = Array.isArray(reply) ? reply : (reply?.contacts ?? []);
  }
  async function create(): Promise<void> {
    const [first = "", ...rest] = text.value.trim().split(/\s+/);
    await command("contact.create", {
      call_id: call.call_id,
      first_name: first,
      last_name: rest.join(" "),
      number: call.number,
    });
  }
  return (
    <div class="who">
      <p>{candidates.length > 1 ? "Several people have this number. Who is it?" : "Who is calling?"}</p>
      <ul class="plain">
        {found.value.map((c) => (
          <li key={c.id}>
            <button onClick={() => bind(c)}>{name(c) || c.external_id}</button>
          </li>
        ))}
      </ul>
      <form onSubmit={(e) => void find(e)}>
        <input aria-label="Name or number" value={text.value} onInput={(e) => (text.value = e.currentTarget.value)} />
        <button>Find</button>
        <button type="button" disabled={text.value.trim() === ""} onClick={() => void create()}>
          Create
        </button>
      </form>
    </div>
  );
}
