import { PageHeading } from '../page-heading.js';

/** The jobs and changes of all people. */
export function ActivityPage() {
  return <PageHeading title={['Activity']}>Activity</PageHeading>;
}
