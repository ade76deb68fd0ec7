// Written from argon/card/v1/card_capture.proto by `npm run generate`; not edited by hand.

import { enumType, type EnumType } from '../../../../schema.ts';

/** A card of a production host captures nothing. */
export type HostEnvironment =
  | 'HOST_ENVIRONMENT_UNSPECIFIED'
  | 'HOST_ENVIRONMENT_PRODUCTION'
  | 'HOST_ENVIRONMENT_TEST';

export const hostEnvironmentType: EnumType<HostEnvironment> = enumType('argon.card.v1.HostEnvironment', [
  ['HOST_ENVIRONMENT_UNSPECIFIED', 0],
  ['HOST_ENVIRONMENT_PRODUCTION', 1],
  ['HOST_ENVIRONMENT_TEST', 2],
]);
