import "./palette.css";

import { useQuery } from "@apollo/client/react";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useId, useState } from "react";
import { useLocation } from "wouter";

import type { SessionRowFragment } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { messageAddress } from "../shared/addresses";
import { Dialog } from "../shared/dialog";
import { shortTime } from "../shared/format";
import { Icon, type IconName } from "../shared/icons";
import { fullTitle } from "../shared/title";
import { SESSION_LIST } from "../sessions/session_list_query";
import { Snippet } from "./snippet";
import { useSearch } from "./use_search";

interface Option {
  key: string;
  content: ReactNode;
  run: () => void;
}

const PLACES: { name: string; icon: IconName; address: string }[] = [
  { name: "All sessions", icon: "message", address: "/" },
  { name: "Starred sessions", icon: "star", address: "/?starred=1" },
  { name: "Archived sessions", icon: "archive", address: "/?archived=1" },
];

const FOUND = 7;

/** A dialog that finds sessions and places from the keyboard. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const [index, setIndex] = useState(0);
  const listId = useId();
  const query = useDeferredValue(text.trim());
  const recent = useQuery(SESSION_LIST, {
    variables: { first: FOUND, filter: {}, orderBy: { field: "UPDATED_AT", direction: "DESC" } },
    skip: query !== "",
  });
  const search = useSearch(query, { sessions: FOUND, hits: 1 });

  const go = (address: string) => () => {
    onClose();
    navigate(address);
  };
  const places = PLACES.filter(({ name }) => name.toLowerCase().includes(query.toLowerCase())).map(
    ({ name, icon, address }): Option => ({
      key: address,
      content: (
        <>
          <Icon name={icon} />
          <span className="palette-title">{name}</span>
        </>
      ),
      run: go(address),
    }),
  );
  const recentOptions = (recent.data?.sessions?.nodes ?? []).map(
    (session): Option => ({
      key: session.id,
      content: <SessionOption {...session} />,
      run: go(messageAddress(session.id)),
    }),
  );
  const foundOptions = (search.sessions ?? []).map(
    ({ session, hits: [hit] }): Option => ({
      key: session.id,
      content: (
        <SessionOption {...session}>
          {hit?.message && <Snippet text={hit.snippet} highlights={hit.highlights} />}
        </SessionOption>
      ),
      run: go(messageAddress(session.id, hit?.message?.position, hit?.message ? query : undefined)),
    }),
  );
  const everything: Option = {
    key: "everything",
    content: (
      <>
        <Icon name="search" />
        <span className="palette-title">All hits for &ldquo;{query}&rdquo;</span>
      </>
    ),
    run: go(`/?${new URLSearchParams({ q: query })}`),
  };
  const options = query ? [...foundOptions, everything, ...places] : [...recentOptions, ...places];
  const current = Math.min(index, options.length - 1);

  function onKeyDown(event: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      setIndex((current + steps[event.key]! + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      options[current]?.run();
    }
  }

  return (
    <Dialog title="Search and go anywhere" className="palette" hidesTitle onClose={onClose}>
      <div className="palette-head">
        <Icon name="search" />
        <input
          role="combobox"
          aria-label="Search and go anywhere"
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={`${listId}-${current}`}
          placeholder="Search sessions, or go to…"
          autoComplete="off"
          autoFocus
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setIndex(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <ul className="palette-list" role="listbox" id={listId} aria-label="Sessions and places">
        {options.map(({ key, content, run }, place) => (
          <li
            key={key}
            id={`${listId}-${place}`}
            role="option"
            aria-selected={place === current}
            ref={place === current ? (item) => item?.scrollIntoView({ block: "nearest" }) : undefined}
            onPointerMove={() => setIndex(place)}
            onClick={run}
          >
            {content}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

type SessionOptionProps = Pick<SessionRowFragment, "source" | "title" | "firstPrompt" | "updatedAt"> & { children?: ReactNode };

function SessionOption({ children, ...session }: SessionOptionProps) {
  return (
    <>
      <AgentName source={session.source} />
      <span className="palette-title" dir="auto">
        {fullTitle(session)}
        {children && <small>{children}</small>}
      </span>
      <time dateTime={session.updatedAt}>{shortTime(session.updatedAt)}</time>
    </>
  );
}
