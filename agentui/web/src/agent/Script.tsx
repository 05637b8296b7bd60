import type { CallView } from "../protocol.gen";

/** Script is the middle column: what to say and what to offer. */
export function Script({ call }: { call?: CallView }) {
  const pop = call?.pop;
  return (
    <section class="panel script" aria-label="Script" data-testid="script">
      <div class="head">
        <h2>{call?.campaign || call?.queue || "Script"}</h2>
      </div>
      <div class="scroll" tabIndex={0} key={call?.call_id}>
        {pop?.offer && (
          <p class="offer">
            <b>Offer</b> {pop.offer}
          </p>
        )}
        {pop?.script ? (
          pop.script.split("\n").map((line, i) => <p key={i}>{highlight(line)}</p>)
        ) : (
          <p class="quiet">{call ? "There is no script for this call." : "The script comes with the call."}</p>
        )}
      </div>
    </section>
  );
}

/** highlight marks merge fields that the record could not fill: [ask …]. */
function highlight(line: string) {
  return line.split(/(\[ask [^\]]*\])/).map((part, i) => (part.startsWith("[ask ") ? <mark key={i}>{part}</mark> : part));
}
