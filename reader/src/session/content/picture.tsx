import { Icon } from "../../shared/icons";
import { followable, isInlinePicture } from "./safe_urls";

/** A picture that the transcript contains; of any other only its address, for the person to follow. */
export function Picture({ url, alt = "" }: { url: string; alt?: string }) {
  if (isInlinePicture(url)) {
    return <img className="picture" src={url} alt={alt || "Picture"} loading="lazy" decoding="async" />;
  }
  const address = followable(url);
  const name = alt ? `Picture: ${alt}` : "Picture";
  return (
    <span className="picture-link">
      <Icon name="link" />
      {address ? (
        <a href={address} target="_blank" rel="noopener noreferrer">
          {name} at {shortAddress(address)}
        </a>
      ) : (
        `${name}, of a kind that is not shown`
      )}
    </span>
  );
}

function shortAddress(address: string): string {
  return address.length > 80 ? `${address.slice(0, 80)}…` : address;
}
