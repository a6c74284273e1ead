import { ApiProperty } from '@nestjs/swagger';
import type { Customer } from '../generated/prisma/client.js';
import { PageOf } from '../http/page.view.js';

export class CustomerView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly id: number;

  @ApiProperty({ type: String, format: 'email', example: 'ada.fischer@example.com' })
  readonly email: string;

  @ApiProperty({ type: String, example: 'Ada Fischer' })
  readonly name: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly createdAt: Date;

  constructor({ id, email, name, createdAt }: Customer) {
    this.id = id;
    this.email = email;
    this.name = name;
    this.createdAt = createdAt;
  }
}

export class CustomerPageView extends PageOf(CustomerView) {}
