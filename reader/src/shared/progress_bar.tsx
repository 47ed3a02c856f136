import "./progress_bar.css";

interface ProgressBarProps {
  label: string;
  /** From 0 to 1. */
  part: number;
}

/** How much of something is done. */
export function ProgressBar({ label, part }: ProgressBarProps) {
  return (
    <div
      className="progress-track"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(part * 100)}
    >
      <div className="progress-part" style={{ width: `${part * 100}%` }} />
    </div>
  );
}
