import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';

@Injectable()
export class OrderItemRepository extends RepositoryFor('orderItem') {}
