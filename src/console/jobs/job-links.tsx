import { makeStyles, tokens } from '@fluentui/react-components';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

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
