import { useEffect, useState } from "react";

import { Icon } from "../../shared/icons";

interface CopyButtonProps {
  text: string;
  label?: string;
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label = "Copy" }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (isCopied) {
      const timer = setTimeout(() => setIsCopied(false), 1_500);
      return () => clearTimeout(timer);
    }
  }, [isCopied]);
  return (
    <button
      type="button"
      className="button quiet square copy"
      aria-label={isCopied ? "Copied" : label}
      title={label}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setIsCopied(true))}
    >
      <Icon name={isCopied ? "check" : "copy"} />
    </button>
  );
}
