import { dayAndTime, words } from "../base/format";
import type { CallView, ObjectionCard, Pop, PopOffer, ScriptSection } from "../protocol.gen";
import { priceOf, remainderOf } from "./promises";

/** Script is the middle column: what to say, what to offer, and how to answer. */
export function Script({ call }: { call?: CallView }) {
  const pop = call?.pop;
  return (
    <section class="panel script" aria-label="Script" data-testid="script">
      <div class="head">
        <h2>{call?.campaign || call?.queue || "Script"}</h2>
      </div>
      <div class="scroll" tabIndex={0} key={call?.call_id}>
        {pop && <Offer pop={pop} />}
        {pop?.script_shown ? (
          pop.script_shown.sections.map((section, i) => <Section key={i} section={section} />)
        ) : pop?.script ? (
          <Lines text={pop.script} />
        ) : (
          <p class="quiet">{call ? "There is no script for this call." : "The script comes with the call."}</p>
        )}
        {pop?.script_shown && <Objections cards={pop.script_shown.objections} />}
      </div>
    </section>
  );
}

function Offer({ pop }: { pop: Pop }) {
  const offer = pop.offer_shown;
  if (!offer && !pop.offer && !pop.offer_note) return null;
  return (
    <div class="offer" data-testid="offer">
      <p>
        <b>Offer</b> {offer ? highlight(offer.title) : pop.offer || "None."}
      </p>
      {offer && <Terms offer={offer} />}
      {pop.offer_note && <p class="quiet">{pop.offer_note}</p>}
    </div>
  );
}

function Terms({ offer }: { offer: PopOffer }) {
  const until = Date.parse(offer.expires_at ?? "");
  return (
    <>
      <p>
        <b>{priceOf(offer)}</b> {remainderOf(offer) && <span class="quiet">{remainderOf(offer)}</span>}
        {!Number.isNaN(until) && <span class="quiet"> until {dayAndTime(until)}</span>}
      </p>
      <Lines text={offer.terms} />
    </>
  );
}

function Section({ section }: { section: ScriptSection }) {
  return (
    <>
      <h3>{highlight(section.title)}</h3>
      <Lines text={section.text} />
    </>
  );
}

/** Objections are cards that open one by one. */
function Objections({ cards }: { cards: ObjectionCard[] }) {
  if (cards.length === 0) return null;
  return (
    <div class="objections" data-testid="objections">
      <h3>When they say</h3>
      {cards.map((card, i) => (
        <details key={i}>
          <summary>
            {highlight(card.title)} <span class="badge">{card.kind === "fud" ? "Doubt" : words(card.kind)}</span>
          </summary>
          <Lines text={card.text} />
        </details>
      ))}
    </div>
  );
}

function Lines({ text }: { text: string }) {
  return (
    <>
      {text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line, i) => (
          <p key={i} class="line">
            {highlight(line)}
          </p>
        ))}
    </>
  );
}

/** highlight marks merge fields that the record could not fill: [ask …]. */
function highlight(line: string) {
  return line.split(/(\[ask [^\]]*\])/).map((part, i) => (part.startsWith("[ask ") ? <mark key={i}>{part}</mark> : part));
}
