import { useEffect, useRef } from "preact/hooks";
import { dayAndTime, nameOf, phone, timeOfDay, words } from "../base/format";
import type { CallView, Contact, Interaction, Pop } from "../protocol.gen";
import { now } from "../state";
import { zoneOf } from "./desk";
import { WhoIsIt } from "./WhoIsIt";

/** Customer is the left column: who it is and what happened before. */
export function Customer({ call }: { call?: CallView }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // A new customer is read out to whoever is not in the middle of something.
  useEffect(() => {
    if (call && (document.activeElement === document.body || document.activeElement === null)) heading.current?.focus();
  }, [call?.call_id]);

  const pop = call?.pop;
  const unknown = call?.direction === "inbound" && (!pop || !pop.contact.id);
  const title = !call ? "No customer" : (pop && nameOf(pop.contact)) || (unknown ? "Unknown caller" : "Customer");
  return (
    <section class="panel customer" aria-label="Customer">
      <div class="head">
        <h2 ref={heading} tabIndex={-1} data-testid="customer" data-focus-after-save>
          {title}
        </h2>
        <p class="number" data-testid="number">
          {call ? phone(call.number) : "\u00a0"}
        </p>
        <p class="local" data-testid="local-time">
          {call && pop?.local_time ? <LocalTime call={call} pop={pop} /> : "\u00a0"}
        </p>
      </div>
      {call && (
        <div class="scroll" tabIndex={0}>
          {pop && !unknown && <Badges pop={pop} number={call.number} />}
          {!pop && !unknown && <p class="quiet">The record is on its way…</p>}
          {unknown && <WhoIsIt call={call} candidates={pop?.candidates ?? []} />}
          {pop && <Facts contact={pop.contact} />}
          {pop && <Why pop={pop} />}
          {pop && !unknown && <History list={pop.history ?? []} />}
        </div>
      )}
    </section>
  );
}

/** LocalTime is the customer's clock, and until when calls are allowed there. */
function LocalTime({ call, pop }: { call: CallView; pop: Pop }) {
  const until = Date.parse(pop.calls_allowed_until ?? "");
  const left = until - now.value;
  return (
    <>
      <b>{timeOfDay(now.value, zoneOf(call))}</b> there
      {!Number.isNaN(until) && (
        <span class={left < 0 ? "late" : left < 900_000 ? "soon" : ""}>
          {left < 0 ? ", calls are no longer allowed" : `, calls allowed until ${timeOfDay(until, zoneOf(call))}`}
        </span>
      )}
    </>
  );
}

function Badges({ pop, number }: { pop: Pop; number: string }) {
  const numbers = pop.contact.numbers ?? [];
  const called = numbers.find((n) => n.e164 === number);
  const consents = pop.consents ?? [];
  return (
    <p class="badges" data-testid="badges">
      {numbers.some((n) => n.do_not_call) && <span class="badge bad">Do not call</span>}
      {called?.shared && <span class="badge warn">Shared number</span>}
      {consents.map((c) => (
        <span key={c.purpose + c.channel} class={`badge ${c.granted ? "good" : "bad"}`}>
          {words(c.purpose)} by {c.channel === "sms" ? "SMS" : c.channel}: {c.granted ? "agreed" : "refused"}
        </span>
      ))}
      {consents.length === 0 && <span class="badge">No consent on record</span>}
    </p>
  );
}

function Why({ pop }: { pop: Pop }) {
  const factors = pop.factors ?? [];
  if (factors.length === 0) return null;
  return (
    <>
      <h3>Why this customer</h3>
      <dl data-testid="why">
        {factors.map((f) => (
          <div key={f.name}>
            <dt>{words(f.name)}</dt>
            <dd>{f.text}</dd>
          </div>
        ))}
      </dl>
      {(pop.score_factors ?? []).length > 0 && (
        <>
          <h4>Why the model thinks so</h4>
          <ul data-testid="why-model">
            {pop.score_factors?.map((f) => (
              <li key={f.name}>{f.text}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Facts({ contact }: { contact: Contact }) {
  const numbers = contact.numbers ?? [];
  const facts: [string, string][] = [
    ["Company", nameOf(contact) === contact.company ? "" : (contact.company ?? "")],
    ["E-mail", contact.email ?? ""],
    ["Language", contact.language ?? ""],
    ["Region", [contact.region, contact.postal_code].filter(Boolean).join(" ")],
    ["Customer no.", contact.external_id ?? ""],
    ...Object.entries(contact.attributes ?? {}).map(([k, v]): [string, string] => [words(k), v]),
  ];
  return (
    <dl>
      {numbers.length > 1 && (
        <div>
          <dt>Numbers</dt>
          <dd>
            {numbers.map((n) => (
              <div key={n.number_id}>
                <span class="number-of">{phone(n.e164)}</span> <small class="quiet">{[n.do_not_call && "do not call", n.bad && "bad", n.shared && "shared"].filter(Boolean).join(", ")}</small>
              </div>
            ))}
          </dd>
        </div>
      )}
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

function History({ list }: { list: Interaction[] }) {
  return (
    <>
      <h3>Last contacts</h3>
      {list.length === 0 && <p class="quiet">None.</p>}
      <ol class="plain history" data-testid="history">
        {list.map((h) => (
          <li key={h.at + h.direction}>
            <time dateTime={h.at}>{dayAndTime(Date.parse(h.at))}</time>
            <b>
              {words(h.disposition || h.outcome || h.direction)}
              {h.reason && ` (${words(h.reason).toLowerCase()})`}
            </b>
            <span class="quiet">{[h.direction === "inbound" ? "They called" : "", h.campaign, h.agent].filter(Boolean).join(" · ")}</span>
            {h.notes && <p>{h.notes}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}
