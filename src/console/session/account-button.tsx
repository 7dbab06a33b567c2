import { Button, type ButtonProps, makeStyles } from '@fluentui/react-components';
import { PersonRegular } from '@fluentui/react-icons';
import { narrowScreen } from '../breakpoint.js';
import { Isolated } from '../isolated.js';
import { visuallyHidden } from '../visually-hidden.js';

const useStyles = makeStyles({
  button: {
    [narrowScreen]: {
      minWidth: '32px',
      paddingLeft: 0,
      paddingRight: 0,
      '& .fui-Button__icon': { margin: 0 },
    },
  },
  name: { [narrowScreen]: visuallyHidden },
});

/** The button of the account: its name, or an icon only on narrow screens. */
export function AccountButton({ name, ...props }: ButtonProps & { readonly name: string }) {
  const styles = useStyles();
  return (
    <Button {...props} appearance="subtle" icon={<PersonRegular />} className={styles.button}>
      <span className={styles.name}>
        <Isolated>{name}</Isolated>
      </span>
    </Button>
  );
}
