import type { CallView } from "../protocol.gen";

/** Script is the middle column: what to say and what to offer. */
export function Script({ call }: { call?: CallView | null }) {
  return (
    <section class="panel script" aria-label="Script">
      <h2>{call?.campaign || call?.queue || "Script"}</h2>
      {call?.pop?.offer && (
        <p class="offer">
          <strong>Offer:</strong> {call.pop.offer}
        </p>
      )}
      {call?.pop?.script ? call.pop.script.split("\n").map((line, i) => <p key={i}>{highlight(line)}</p>) : <p class="quiet">Waiting for a call.</p>}
    </section>
  );
}

/** highlight marks merge fields that the record could not fill: [ask …]. */
function highlight(line: string) {
  return line.split(/(\[ask [^\]]*\])/).map((part, i) => (part.startsWith("[ask ") ? <mark key={i}>{part}</mark> : part));
}
