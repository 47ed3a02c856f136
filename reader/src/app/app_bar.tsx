import "./app_bar.css";

import type { ReactNode } from "react";
import { Link } from "wouter";

import { Icon } from "../shared/icons";
import { useStore } from "../shared/store";
import { connection } from "./connection";
import icon from "./icon.svg";
import { ThemeButton } from "./theme";

const STATES = { idle: "", live: "Live", away: "Reconnecting" };

interface AppBarProps {
  /** The search field, or a link to it. */
  children?: ReactNode;
  onHelp: () => void;
}

/** The bar at the top of every page. */
export function AppBar({ children, onHelp }: AppBarProps) {
  const state = useStore(connection);
  return (
    <header className="app-bar">
      <div className="app-bar-inner">
        <Link href="/" className="app-logo" aria-label="Reprise: all sessions">
          <img src={icon} alt="" width={24} height={24} />
          <span>Reprise</span>
        </Link>
        {children}
        <div className="app-bar-end">
          <span className="live" data-state={state} role="status">
            {STATES[state]}
          </span>
          <a href="/graphql" className="button quiet square wide-only" aria-label="API" title="API: the playground">
            <Icon name="code" />
          </a>
          <button type="button" className="button quiet square wide-only" onClick={onHelp} aria-label="Keys" title="Keys (?)">
            <Icon name="question" />
          </button>
          <ThemeButton />
        </div>
      </div>
    </header>
  );
}
