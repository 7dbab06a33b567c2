import { Button, Menu, MenuItemCheckbox, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components';
import { TableSettingsRegular } from '@fluentui/react-icons';
import { optionalColumns } from './table-columns.js';

interface ColumnMenuProps {
  readonly hidden: ReadonlySet<string>;
  readonly onChange: (hidden: ReadonlySet<string>) => void;
}

/** Shows and hides columns. */
export function ColumnMenu({ hidden, onChange }: ColumnMenuProps) {
  const ids = optionalColumns.map(([id]) => id);
  return (
    <Menu
      checkedValues={{ columns: ids.filter((id) => !hidden.has(id)) }}
      onCheckedValueChange={(_event, { checkedItems }) =>
        onChange(new Set(ids.filter((id) => !checkedItems.includes(id))))
      }
    >
      <MenuTrigger disableButtonEnhancement>
        <Button icon={<TableSettingsRegular />} aria-label="Columns" title="Columns" />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {optionalColumns.map(([id, title]) => (
            <MenuItemCheckbox key={id} name="columns" value={id}>
              {title}
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
