import "./import_bars.css";

import { useQuery } from "@apollo/client/react";

import type { ImportProgressFragment } from "../gql/graphql";
import { agentName } from "../shared/agents";
import { count, duration, megabytes } from "../shared/format";
import { ProgressBar } from "../shared/progress_bar";
import { IMPORTS } from "./overview_query";

const PAUSE = 1_000;
const NONE: readonly ImportProgressFragment[] = [];

/** The progress of running imports. Sessions that they have imported are in the list already. */
export function ImportBars({ imports = NONE }: { imports: readonly ImportProgressFragment[] | undefined }) {
  // The answers bring `imports` up to date, which is in the cache once for all queries.
  useQuery(IMPORTS, { skip: imports.length === 0, pollInterval: PAUSE });
  return imports.map((one) => <ImportBar key={one.id} {...one} />);
}

function ImportBar({ source, filesDone, filesTotal, bytesDone, bytesTotal, bytesPerSecond, secondsLeft }: ImportProgressFragment) {
  // Sessions in databases have no size.
  const part = bytesTotal ? bytesDone / bytesTotal : filesDone / Math.max(filesTotal, 1);
  return (
    <section className="import" aria-label="Import">
      <div className="import-line">
        <span>Importing {source ? agentName(source) : "session documents"}</span>
        <span className="progress-count">
          {count(filesDone)} of {count(filesTotal)} files
          {bytesTotal > 0 && `, ${megabytes(bytesDone)} of ${megabytes(bytesTotal)} MB`}
          {bytesPerSecond != null && `, ${megabytes(bytesPerSecond)} MB/s`}
          {secondsLeft != null && `, about ${duration(secondsLeft)} left`}
        </span>
      </div>
      <ProgressBar label="Imported" part={part} />
    </section>
  );
}
