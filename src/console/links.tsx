import { makeStyles, tokens } from '@fluentui/react-components';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ScriptRef } from './queries.js';

const useStyles = makeStyles({
  link: {
    color: tokens.colorBrandForegroundLink,
    textDecorationLine: 'none',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyBase,
    ':hover': { textDecorationLine: 'underline' },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
});

interface PersonLinkProps {
  readonly userId: string;
  readonly children: ReactNode;
}

/** Leads to the page of a person. */
export function PersonLink({ userId, children }: PersonLinkProps) {
  return (
    <Link to="/people/$userId" params={{ userId }} className={useStyles().link}>
      {children}
    </Link>
  );
}

interface ScriptLinkProps {
  readonly script: ScriptRef;
  /** The id of the user state whose devices are shown. */
  readonly state?: string;
  readonly children: ReactNode;
}

/** Leads to the page of a script. */
export function ScriptLink({ script: { scriptKind, scriptId }, state, children }: ScriptLinkProps) {
  return (
    <Link
      to="/scripts/$scriptKind/$scriptId"
      params={{ scriptKind, scriptId }}
      search={state === undefined ? {} : { state }}
      className={useStyles().link}
    >
      {children}
    </Link>
  );
}

interface JobLinkProps {
  readonly jobId: string;
  readonly onClick?: () => void;
  readonly children: ReactNode;
}

/** Leads to the page of a job. */
export function JobLink({ jobId, onClick, children }: JobLinkProps) {
  return (
    <Link to="/activity/$jobId" params={{ jobId }} className={useStyles().link} {...(onClick && { onClick })}>
      {children}
    </Link>
  );
}

/** Leads to the page of all jobs and changes. */
export function ActivityLink() {
  return (
    <Link to="/activity" className={useStyles().link}>
      All jobs and changes
    </Link>
  );
}
